"""Names that are safe to store and to show, and figures as people read them."""

from __future__ import annotations

from collections.abc import Sequence

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


def bytes_text(value: float | None) -> str:
    """1.2 MB; powers of ten."""
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def number_text(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"


def signed_text(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if not value else f"{value:+,}".replace("-", "−")


def signed_bytes_text(value: float | None) -> str:
    if value is None:
        return "–"
    text = bytes_text(abs(value))
    return text if not value else f"{'+' if value > 0 else '−'}{text}"


def ms_text(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f} ms"


def percent_text(value: float | None) -> str:
    """95 %, 66.7 %."""
    return "–" if value is None else f"{value * 100:,.1f} %".replace(".0 %", " %")


def duration_text(seconds: float) -> str:
    """40 seconds, 14 hours, 3 days, 9 years."""
    for noun, size in (("year", 31_557_600), ("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {noun}s"
    return f"{seconds:,.0f} seconds"


def bars_text(values: Sequence[float]) -> str:
    """A row of bars, the highest a full block: ▁▄█. Nothing is a low line, too."""
    top = max(values, default=0)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * value / top) if top else 0] for value in values)
