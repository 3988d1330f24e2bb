"""How large a container may become, where anybody can tell."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

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


def data_of(obj: object, info: TypeInfo) -> object:
    """Where a cache keeps its entries; None where none of the names is known."""
    found = info.attributes(obj, _DATA_NAMES)
    return next((found[name] for name in DATA_NAMES if name in found), None)


def own_limit(obj: object, info: TypeInfo) -> int | None:
    """The bound that a container itself knows, in entries."""
    for base in mro_of(info.kind):
        if base is deque:
            return _as_limit(_maxlen(obj))
        if base is LRU:
            return _as_limit(LRU.cache_info(obj).maxsize)  # type: ignore[arg-type]
    return None


def limit_of(obj: object, info: TypeInfo, intrusive: bool = True) -> int | None:
    """The bound that an object keeps for the containers inside it."""
    return limit_in(info.attributes(obj, _LIMIT_NAMES, intrusive))


def shared_limit(
    own: int | None, owner: int | None, containers: int, certain: bool
) -> tuple[int | None, bool]:
    """(entries that so many containers may hold, whether that is a guess).

    `own` is the limit that one of them knows, `owner` that of the object which holds them. The
    latter may be for another container: it is for these for certain only in known caches, and
    where the name is one that caches have for entries.
    """
    containers = max(1, containers)
    if own:
        return own * containers, False
    return (owner * containers, not certain) if owner else (None, False)


def limit_in(attributes: Mapping[str, object]) -> int | None:
    """The bound among the attributes that may say one."""
    for name in LIMIT_NAMES if attributes else ():
        limit = _as_limit(attributes.get(name))
        if limit is not None:
            return limit
    return None


def _as_limit(value: object) -> int | None:
    """Unbounded is written as None, 0, -1 or infinity: none of them is a limit."""
    if type(value) is int and value > 0:
        return value
    return int(value) if type(value) is float and 0 < value < 1e15 else None
