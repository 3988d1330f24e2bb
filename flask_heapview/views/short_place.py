"""A line of code, where there is little room."""

from __future__ import annotations


def short_place(file: str, line: int) -> str:
    """The end of a path says most: its file, and the directory that the file is in."""
    return f"{'/'.join(file.rsplit('/', 2)[-2:])}:{line}"
