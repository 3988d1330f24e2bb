"""How large a container may become, where anybody can tell."""

from __future__ import annotations

from collections import deque
from collections.abc import Set

from .type_info import LRU, TypeInfo, mro_of

# where caches keep their entries: cachetools; cachelib, dogpile.cache, aiocache and Django; Jinja;
# SQLAlchemy; requests-cache; Beaker
DATA_NAMES = ("_Cache__data", "_cache", "_mapping", "_data", "data", "dictionary")

# the attributes by which bounded containers keep their bound: cachetools, queue, asyncio, Jinja,
# SQLAlchemy, cachelib, and what people call it when they write their own
LIMIT_NAMES = (
    "_Cache__maxsize",
    "maxsize",
    "_maxsize",
    "max_size",
    "_max_size",
    "maxlen",
    "max_entries",
    "_max_entries",
    "max_len",
    "max_items",
    "capacity",
    "_threshold",
)
_LIMIT_NAMES, _DATA_NAMES = frozenset(LIMIT_NAMES), frozenset(DATA_NAMES)
_maxlen = deque.__dict__["maxlen"].__get__


def values_of(attributes: dict[str, object], names: Set[str]) -> dict[str, object]:
    """Those of the names that are among the attributes.

    A look-up would ask a key whether it equals, which may run code of the application.
    """
    return {n: v for n, v in dict.items(attributes) if type(n) is str and n in names}


def data_in(attributes: dict[str, object]) -> object:
    """Where a cache keeps its entries; None where none of the names is known."""
    found = values_of(attributes, _DATA_NAMES)
    return next((found[name] for name in DATA_NAMES if name in found), None)


def own_limit(obj: object, info: TypeInfo) -> int | None:
    """The bound that a container itself knows, in entries."""
    for base in mro_of(info.kind):
        if base is deque:
            return _as_limit(_maxlen(obj))
        if base is LRU:
            return _as_limit(LRU.cache_info(obj).maxsize)  # type: ignore[arg-type]
    return None


def limit_in(attributes: dict[str, object]) -> int | None:
    """The bound that an object keeps for the containers inside it."""
    found = values_of(attributes, _LIMIT_NAMES)
    for name in LIMIT_NAMES if found else ():
        limit = _as_limit(found.get(name))
        if limit is not None:
            return limit
    return None


def _as_limit(value: object) -> int | None:
    """Unbounded is written as None, 0, -1 or infinity: none of them is a limit."""
    if type(value) is int and value > 0:
        return value
    return int(value) if type(value) is float and 0 < value < 1e15 else None
