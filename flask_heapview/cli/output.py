"""Files that the commands write: whole or not at all, and for nobody else to read."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])
STANDARD_OUTPUT = Path("-")


def output_option(function: Function) -> Function:
    """--output, or -o."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file to write, mode 0600. The file - is standard output.",
    )(function)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when all of it is there. Raises click's error."""
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            part = Path(file.name)
            yield file  # type: ignore[misc]
        part.replace(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
