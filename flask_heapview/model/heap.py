"""The census: how many objects of each type, and their shallow size."""

from __future__ import annotations

from .base import Model


class TypeRow(Model, frozen=True):
    """All objects of one type."""

    type: str  # module-qualified
    module: str
    count: int
    size: int  # bytes, shallow
    tracked: int  # of these, how many the garbage collector tracks (objgraph's count)


class Heap(Model, frozen=True):
    """The census by type, largest first."""

    objects: int = 0
    size: int = 0  # bytes, shallow
    types: list[TypeRow] = []
    large: int = 0  # bytes in blocks too large for pymalloc (over 512 bytes)
    small: int | None = None  # bytes in pymalloc's blocks; None where the engine does not tell
