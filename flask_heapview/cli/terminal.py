"""What is printed: nothing in it can steer the terminal, whoever wrote the snapshot."""

from __future__ import annotations

import click

from ..text import clean

MAX_CELL_CHARACTERS = 2000


def say(text: str) -> None:
    """Prints it, with each character that is neither printable nor a line break as an escape.

    The escapes are those of JSON, so that JSON stays whole.
    """
    click.echo("".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text))


def _escape(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def cell(text: str) -> str:
    """Text of a snapshot that stays on its line."""
    return clean(text, MAX_CELL_CHARACTERS)
