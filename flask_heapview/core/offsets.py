"""What the native core is told of types, and what is worked out once by looking at known objects.

Some builtin types keep figures at places that no header publishes. Objects with conspicuous figures
are made, and the figures are looked for in their memory: where a figure is not found exactly once,
the core is told that it cannot be known.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

from ..inspection.bounds import DATA_NAMES, LIMIT_NAMES
from ..inspection.type_info import CACHES, LRU, RESOURCES

WORD = 8  # bytes
CONSPICUOUS = 1_234_577
# how to see in C that a resource is open: "d" is a descriptor, "p" a pointer, behind the header
_SIGNS = {
    "_io.FileIO": "d",
    "_socket.socket": "d",
    "select.epoll": "d",
    "mmap.mmap": "p",
    "sqlite3.Connection": "p",
}


class _Plain:
    """Its instances are looked through by CPython's own function for classes written in Python."""


def resources() -> tuple[str, ...]:
    """Names of the types that hold something open, in the core's order."""
    return tuple(sorted(RESOURCES))


def caches() -> tuple[str, ...]:
    """Names of the types that are caches, in the core's order."""
    return tuple(CACHES)


def _find(words: Sequence[int], figure: int) -> int:
    return words.index(figure) * WORD if words.count(figure) == 1 else -1


def _lru_places(core: ModuleType) -> tuple[int, int, int, int]:
    """Offsets of maxsize, hits, misses and the dictionary in a functools.lru_cache wrapper."""
    hits, misses = 1013, 2027
    cached = lru_cache(maxsize=CONSPICUOUS)(lambda n: n)
    for n in range(misses):
        cached(n)
    for _ in range(hits):
        cached(0)
    words = core.words(cached)
    table = next(r for r in gc.get_referents(cached) if type(r) is dict and len(r) == misses)
    return (
        _find(words, CONSPICUOUS),
        _find(words, hits),
        _find(words, misses),
        _find(words, id(table)),
    )


def knowledge(core: ModuleType) -> tuple[object, ...]:
    """The core's `knowledge` argument."""
    figures = (
        *_lru_places(core),
        _find(core.words(deque(maxlen=CONSPICUOUS)), CONSPICUOUS),
        sys.getsizeof(int) - type.__sizeof__(int),
        int.__sizeof__(0),
    )
    signs = "".join(_SIGNS.get(name, "?") for name in resources())
    return caches(), resources(), signs, LIMIT_NAMES, DATA_NAMES, _Plain, LRU, deque, figures
