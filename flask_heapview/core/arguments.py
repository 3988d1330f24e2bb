"""What the native core is told: named tuples, whose fields C reads by their order.

The other side is csrc/module/arguments.c. A field that is added here is added there at its place.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class StructOffsets(NamedTuple):
    """Where builtin types keep figures that no header publishes: bytes from an object's begin.

    -1 stands for an offset that could not be found out.
    """

    lru_maxsize: int
    lru_hits: int
    lru_misses: int
    lru_dict: int
    deque_maxlen: int


class RootRanks(NamedTuple):
    """The ranks of inspection/roots.py that the walk gives to roots of its own."""

    app: int
    standard: int
    ours: int


class TypeTable(NamedTuple):
    """What the walk is told of types, and of the names that it looks for."""

    caches: tuple[str, ...]  # names of types
    resources: tuple[str, ...]  # names of types
    resource_signs: str  # a letter for each resource: one of the core's SIGN_ constants
    limit_names: tuple[str, ...]  # attributes that say how large a container may become
    data_names: tuple[str, ...]  # attributes under which caches keep their entries
    plain_class: type  # its tp_traverse is that of every class written in Python
    lru_class: type
    deque_class: type
    offsets: StructOffsets
    static_header_bytes: int  # that sys.getsizeof counts in front of a static class
    zero_int_bytes: int  # the size of 0, which differs within 3.11
    ranks: RootRanks


class ModuleRoot(NamedTuple):
    """A module to walk from."""

    name: str
    module: object
    namespace: dict[str, Any] | None  # None for what only stands in sys.modules
    rank: int


class ThreadName(NamedTuple):
    """The name of a thread, by its ident."""

    ident: int
    name: str
