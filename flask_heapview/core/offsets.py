"""Find private struct offsets at run time, and fill the table of types for the native core.

Create an object that holds a conspicuous value, and search its memory for that value. Where the
value is not found exactly once, the offset is -1: not known.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ..inspection import roots
from ..inspection.bounds import DATA_NAMES, LIMIT_NAMES
from ..inspection.type_info import CACHES, LRU, RESOURCES
from .arguments import RootRanks, StructOffsets, TypeTable

if TYPE_CHECKING:
    from .loader import Core

WORD_BYTES = 8
CONSPICUOUS_VALUE = 1_234_577
# resources whose first word behind the header is a file descriptor, or a pointer that close clears
_WITH_DESCRIPTOR = frozenset(("_io.FileIO", "_socket.socket", "select.epoll"))
_WITH_POINTER = frozenset(("mmap.mmap", "sqlite3.Connection"))


class _Plain:
    """Its instances are looked through by CPython's own function for classes written in Python."""


def resources() -> tuple[str, ...]:
    """Names of the types that hold something open, in the core's order."""
    return tuple(sorted(RESOURCES))


def caches() -> tuple[str, ...]:
    """Names of the types that are caches, in the core's order."""
    return tuple(CACHES)


def _offset(words: Sequence[int], value: int) -> int:
    return words.index(value) * WORD_BYTES if words.count(value) == 1 else -1


def _struct_offsets(core: Core) -> StructOffsets:
    """Looks at a functools.lru_cache wrapper and at a deque."""
    hits, misses = 1013, 2027
    cached = lru_cache(maxsize=CONSPICUOUS_VALUE)(lambda n: n)
    for n in range(misses):
        cached(n)
    for _ in range(hits):
        cached(0)
    words = core.words(cached)
    table = next(r for r in gc.get_referents(cached) if type(r) is dict and len(r) == misses)
    return StructOffsets(
        lru_maxsize=_offset(words, CONSPICUOUS_VALUE),
        lru_hits=_offset(words, hits),
        lru_misses=_offset(words, misses),
        lru_dict=_offset(words, id(table)),
        deque_maxlen=_offset(core.words(deque(maxlen=CONSPICUOUS_VALUE)), CONSPICUOUS_VALUE),
    )


def _sign(core: Core, resource: str) -> str:
    """How the core sees that a resource of that type is open."""
    if resource in _WITH_DESCRIPTOR:
        return core.SIGN_DESCRIPTOR
    return core.SIGN_POINTER if resource in _WITH_POINTER else core.SIGN_UNKNOWN


def type_table(core: Core) -> TypeTable:
    """The core's `type_table` argument."""
    return TypeTable(
        caches=caches(),
        resources=resources(),
        resource_signs="".join(_sign(core, name) for name in resources()),
        limit_names=LIMIT_NAMES,
        data_names=DATA_NAMES,
        plain_class=_Plain,
        lru_class=LRU,
        deque_class=deque,
        offsets=_struct_offsets(core),
        static_header_bytes=sys.getsizeof(int) - type.__sizeof__(int),
        zero_int_bytes=int.__sizeof__(0),
        ranks=RootRanks(app=roots.APP, standard=roots.STANDARD, ours=roots.OURS),
    )
