"""Text that is safe to store and to show."""

from __future__ import annotations

MAX_NAME_CHARACTERS = 160  # characters of a name that are kept


def clean(name: object, limit: int = MAX_NAME_CHARACTERS) -> str:
    """A name that is safe to store and to show: bounded, printable, without bidi marks.

    What is not a string becomes "?"; every character that is neither printable nor a plain space
    is written as an escape, lone surrogates and direction marks included.
    """
    try:
        text = str.__getitem__(name, slice(0, limit + 1))  # type: ignore[index]
    except TypeError:  # the slot itself refuses what is no str, whatever its class says
        return "?"
    cut = len(text) > limit
    text = text[:limit]
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
            for c in text
        )
    return text + "…" if cut else text
