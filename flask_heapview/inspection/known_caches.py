"""Caches looked at as live objects: those of known libraries, and those that the app named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ..model.caches import Cache
from ..model.ownership import Holder, of_service
from ..text import clean
from .bounds import data_of, limit_of
from .container_owners import Owners
from .roots import APP, OURS, STANDARD
from .type_info import LRU, TypeInfo, Types

MAX_CONTAINERS = 60  # plain containers listed

MIN_CONTAINER_ENTRIES = 32  # entries from which a plain container is worth listing

# a name that says what it is; `cache_key` and `cache_control` name something else
_CACHE_NAME = re.compile(
    r"(cached?|caches|memos?|memoi[sz]ed)(_?(data|store|items|entries|values|dict|map|table))?[_\d]*$",
    re.IGNORECASE,
)
STANDARD_CACHES = frozenset(  # those of the standard library that are no tables of constants
    (
        "re._cache",
        "re._cache2",
        "linecache.cache",
        "filecmp._cache",
        "_strptime._regex_cache",
        "ctypes._pointer_type_cache",
        "ctypes._c_functype_cache",
    )
)
_WITHOUT_KEYS = ("list", "tuple", "set", "frozenset", "collections.deque", "function")
_PLAIN = frozenset(map(id, (str, int, float, bytes, bool)))

MAX_KEYS = 10  # keys shown when values may be


def describe_cache(obj: object, info: TypeInfo, path: str) -> Cache:
    """Entries, limit, hits and misses of a cache of a known library."""
    if info.cache == "functools":
        figures: Any = LRU.cache_info(obj)  # type: ignore[arg-type]
        return Cache(
            path=path,
            type=info.name,
            source="functools",
            entries=figures.currsize,
            limit=figures.maxsize,
            hits=figures.hits,
            misses=figures.misses,
        )
    within = data_of(obj, info)
    data = obj if info.length is not None else within
    return Cache(
        path=path,
        type=info.name,
        source=info.cache or "?",
        entries=_length(data),
        limit=limit_of(obj, info),
    )


def _length(data: object) -> int:
    for kind in (dict, list, set):
        if any(base is kind for base in type.__dict__["__mro__"].__get__(type(data))):
            return int(kind.__len__(data))  # type: ignore[arg-type]
    return 0


def registered(name: str, obj: object, types: Types) -> Cache:
    """A cache that the app named itself; a callable is asked, and may say no."""
    name = clean(name)
    try:
        info = types.of(obj)
        if info.cache is not None:
            cache = describe_cache(obj, info, name)
            return msgspec.structs.replace(cache, source="registered")
        if callable(obj):
            obj = obj()
            info = types.of(obj)
        if type(obj) is int:
            return Cache(path=name, type="int", source="registered", entries=obj, limit_known=False)
        if type(obj) is dict and "entries" in obj:
            return _from_figures(name, obj)
        entries = info.length(obj) if info.length else len(obj)  # type: ignore[arg-type]
        return Cache(
            path=name, type=info.name, source="registered", entries=entries, limit_known=False
        )
    except Exception as error:
        reason = type(error).__name__
        return Cache(path=name, type="?", source="registered", entries=0, error=reason)


def _from_figures(name: str, figures: Mapping[str, Any]) -> Cache:
    """{"entries", "limit"?, "hits"?, "misses"?, "size"?} as a registered callable may give it."""
    numbers = {
        key: int(figures[key])
        for key in ("entries", "limit", "hits", "misses", "size")
        if figures.get(key) is not None
    }
    known = "limit" in figures
    return Cache(path=name, type="dict", source="registered", limit_known=known, **numbers)  # type: ignore[arg-type]


def containers(
    holders: Sequence[Holder],
    owners: Owners,
    known: Sequence[Cache],
    keys_of: Callable[[Holder], list[str]],
) -> list[Cache]:
    """The plain containers that act as caches, the largest ones; `known` are caches of libraries.

    What the app keeps by key may be one. What a library keeps is one only where its name says so:
    most are tables of constants.
    """
    sizes = owners.stacks.totals()[1]
    plain = [
        h
        for h in holders
        if h.entries >= MIN_CONTAINER_ENTRIES * h.containers
        and not h.path.startswith("(")
        and _acts_as_cache(h, owners)
        and not any(_within(h.path, cache.path) for cache in known)
    ]
    plain.sort(key=lambda h: -sizes[h.node])
    return [_container(h, sizes[h.node], keys_of(h)) for h in _distinct(plain)[:MAX_CONTAINERS]]


def _acts_as_cache(holder: Holder, owners: Owners) -> bool:
    rank, names = owners.owner(holder.node)
    if rank == STANDARD:
        return holder.path in STANDARD_CACHES
    if any(map(_CACHE_NAME.search, names)):
        return rank != OURS
    # names like __annotations__ and _member_map_ are of the language's own tables
    of_language = bool(names) and names[0].startswith("_") and names[0].endswith("_")
    return rank == APP and holder.type not in _WITHOUT_KEYS and not of_language


def _within(path: str, above: str) -> bool:
    return path.startswith(above) and path[len(above) : len(above) + 1] in ("", ".", "[", " ")


def _distinct(holders: Sequence[Holder]) -> list[Holder]:
    """One of each path: containers within containers share that of the outermost."""
    return list({h.path: h for h in reversed(holders)}.values())[::-1]


def _container(holder: Holder, size: int, keys: list[str]) -> Cache:
    module = holder.path.partition("[")[0].rpartition(".")[0]
    return Cache(
        path=holder.path,
        type=holder.type,
        source=module if module in ("re", "linecache") else "container",
        entries=holder.entries,
        limit=holder.limit,
        limit_known=holder.limit is not None,
        size=size,
        keys=keys,
    )


def of_the_service(caches: Iterable[tuple[Cache, int]]) -> list[Cache]:
    """One row of each path and type, of caches of known libraries and the rank of their root.

    A library makes many caches that a service never uses: these are left out.
    """
    found: dict[tuple[str, str], Cache] = {}
    for cache, rank in caches:
        used = cache.entries or cache.hits or cache.misses or cache.error
        if not of_service(cache.path) or not (used or rank == APP):
            continue
        if cache.entries and not cache.size:  # they are counted elsewhere: the size is not known
            cache = msgspec.structs.replace(cache, size=None)
        key = cache.path, cache.type
        found[key] = _together(found[key], cache) if key in found else cache
    return list(found.values())


def _together(one: Cache, other: Cache) -> Cache:
    """Caches of one path in one row; a figure that one of them lacks, both lack."""

    def both(name: str) -> int | None:
        a, b = getattr(one, name), getattr(other, name)
        return None if a is None or b is None else a + b

    sums = {name: both(name) for name in ("limit", "hits", "misses", "size", "size_error")}
    return msgspec.structs.replace(
        one,
        **sums,
        entries=one.entries + other.entries,
        sampled=one.sampled + other.sampled,
        count=one.count + other.count,
    )


def shown(keys: Sequence[object]) -> list[str]:
    """Some keys as text, only of types whose repr is C code."""
    plain = [k for k in keys if id(type(k)) in _PLAIN]
    return [clean(repr(k), 80) for k in plain[:MAX_KEYS]]
