"""Caches looked at as live objects: those of known libraries, and those that the app named."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import msgspec

from ..model.caches import Cache
from ..model.ownership import Holder
from ..text import clean
from .bounds import data_in, limit_in
from .type_info import LRU, TypeInfo, Types

MAX_CONTAINERS = 60  # plain containers listed

MIN_CONTAINER_ENTRIES = 32  # entries from which a plain container is worth listing

_CACHE_NAME = re.compile(r"(cache|memo)\w*(\[[^]]*\])*$", re.IGNORECASE)

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
    attributes = info.dict_getter(obj) if info.dict_getter else {}
    if type(attributes) is not dict:
        attributes = {}
    data = data_in(attributes)
    return Cache(
        path=path,
        type=info.name,
        source=info.cache or "?",
        entries=_length(data),
        limit=limit_in(attributes),
    )


def _length(data: object) -> int:
    for kind in (dict, list, set):
        if any(base is kind for base in type.__dict__["__mro__"].__get__(type(data))):
            return int(kind.__len__(data))  # type: ignore[arg-type]
    return 0


def registered(name: str, obj: object, types: Types) -> Cache:
    """A cache that the app named itself; a callable is asked, and may say no."""
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
    sizes: Sequence[int],
    known: Container[str],
    keys_of: Callable[[Holder], list[str]],
) -> list[Cache]:
    """The plain containers that act as caches, the largest ones; `known` are paths of others.

    What a library keeps is one only where its name says so: most are tables of constants.
    """
    plain = [
        h
        for h in holders
        if h.path not in known
        and h.entries >= MIN_CONTAINER_ENTRIES
        and not h.path.startswith("(")
        and (h.app or _CACHE_NAME.search(h.path))
    ]
    plain.sort(key=lambda h: -sizes[h.node])
    return [_container(h, sizes[h.node], keys_of(h)) for h in _distinct(plain)[:MAX_CONTAINERS]]


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


def shown(keys: Sequence[object]) -> list[str]:
    """Some keys as text, only of types whose repr is C code."""
    plain = [k for k in keys if id(type(k)) in _PLAIN]
    return [clean(repr(k), 80) for k in plain[:MAX_KEYS]]
