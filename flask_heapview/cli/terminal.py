"""What is printed: nothing in it can steer the terminal, whoever wrote the snapshot."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..errors import HeapViewError
from ..text import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MAX_CELL_CHARACTERS = 2000
WIDTH = 80  # columns, where nobody looks on


def printable(text: str) -> str:
    """With each character that is neither printable nor a line break as an escape.

    The escapes are those of JSON, so that JSON stays whole.
    """
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def say(text: str) -> None:
    """Prints it."""
    click.echo(printable(text))


def say_prose(text: str) -> None:
    """Prints sentences, in lines that fit."""
    say(textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def note(text: str) -> None:
    """Prints it beside the output, on standard error."""
    click.echo(printable(text), err=True)


def refusal(error: HeapViewError) -> click.ClickException:
    """The error that ends the command with 1 and says its sentence."""
    return click.ClickException(cell(error.detail))


def _escape(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))


def cell(text: str) -> str:
    """Text of a snapshot that stays on its line."""
    return clean(text, MAX_CELL_CHARACTERS)


def console(*, stderr: bool = False) -> Console:
    """Where tables and bars go: plain text where nobody looks on, no colours with NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH
    # nothing that is shown is markup of ours: a label is text, whatever it looks like
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> Table:
    """Rows under columns. `right` has a letter for each column: `r` sets its figures right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title, side in zip(columns, right.ljust(len(columns)), strict=True):
        made.add_column(title, justify="right" if side == "r" else "left")
    for row in rows:
        made.add_row(*(Text(cell(text)) for text in row))
    return made


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> None:
    """Prints one."""
    console().print(table(columns, rows, right))
