"""Caches: those of known libraries, those that were registered, and containers that act as one."""

from __future__ import annotations

import gc
import math
import signal
import statistics
import time
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ..model.caches import Cache, Caches
from ..model.ownership import Holder
from .limits import limit_in
from .safe import DICT, LRU, TypeInfo, Types, clean
from .sizing import load_asizeof
from .walk import Walk

SAMPLE = 24  # entries measured of each cache
CONTAINERS = 60  # plain containers listed
CONTAINER_FROM = 32  # entries from which a plain container is worth listing
SIZING_SECONDS = 4.0  # for all caches together
ONE_CACHE = 0.5  # seconds for one of them
KEYS = 10  # keys shown when values may be
_DATA = ("_Cache__data", "_cache", "_mapping")  # where cachetools, cachelib and Jinja keep entries


_asizeof = load_asizeof()


def warm_up() -> None:
    """Lets Pympler build its tables, in the service, once."""
    _asizeof({"warm": [1]})


class _TooLong(BaseException):
    """Sizing ran into an object that takes forever; no `except Exception` may swallow it."""


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
    data = next((attributes[n] for n in _DATA if n in attributes), None)
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


def find_caches(
    walk: Walk,
    holders: Sequence[Holder],
    sizes: Sequence[int],
    objects: Mapping[str, object],
    registered: Mapping[str, object],
    show_values: bool,
) -> Caches:
    """Every cache, largest first; deep sizes are still to come."""
    found: list[Cache] = []
    for obj, node in walk.caches:
        try:
            cache = describe_cache(obj, walk.types.of(obj), walk.path(node))
        except Exception as error:
            name = type(error).__name__
            cache = Cache(path=walk.path(node), type="?", source="?", entries=0, error=name)
        found.append(cache)
    known = {cache.path for cache in found}
    plain = [
        h
        for h in holders
        if h.path not in known and h.entries >= CONTAINER_FROM and not h.path.startswith("(")
    ]
    plain.sort(key=lambda h: -sizes[h.node])
    for holder in _distinct(plain)[:CONTAINERS]:
        keys = _keys(objects.get(holder.path), walk.types) if show_values else []
        found.append(_container(holder, sizes[holder.node], keys))
    found += [_registered(name, obj, walk.types) for name, obj in registered.items()]
    found.sort(key=lambda c: (-(c.size or 0), -c.entries))
    return Caches(caches=found)


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


def _keys(obj: object, types: Types) -> list[str]:
    """Some keys, only of types whose repr is C code."""
    if not types.of(obj).flags & DICT:
        return []
    keys: list[object] = list(dict.keys(obj))  # type: ignore[arg-type]
    plain = [k for k in keys if type(k) in (str, int, float, bytes, bool)]
    return [clean(repr(k), 80) for k in plain[:KEYS]]


def _registered(name: str, obj: object, types: Types) -> Cache:
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


class Sizer:
    """Deep sizes from a sample of entries. Pympler asks objects in Python, so each question has a
    time limit, and all of this happens last, in the child."""

    def __init__(self, set_handler: Callable[..., object]) -> None:
        self.left = SIZING_SECONDS
        self._set_handler = set_handler

    def measure(self, entries: Sequence[object], total: int) -> tuple[int, int, int] | None:
        """(bytes of all, half a 95 % interval, entries measured), or None when it took too long."""
        if not entries or self.left <= 0:
            return None
        deadline = signal.getitimer(signal.ITIMER_REAL)[0]
        begin = time.monotonic()
        sizes: list[int] = []
        self._set_handler(signal.SIGALRM, _give_up)
        # again and again: what is measured may swallow the first interruptions
        signal.setitimer(signal.ITIMER_REAL, min(self.left, ONE_CACHE), 0.05)
        try:
            sizes = _sizes(entries)
        except _TooLong:
            pass
        used = time.monotonic() - begin
        signal.setitimer(signal.ITIMER_REAL, max(0.1, deadline - used) if deadline else 0)
        self._set_handler(signal.SIGALRM, signal.SIG_DFL)
        self.left -= used
        return (*estimate(sizes, total), len(sizes)) if sizes else None


def _sizes(entries: Sequence[object]) -> list[int]:
    """Deep sizes in bytes; none at all where an object makes Pympler fail."""
    try:
        return [int(_asizeof(entry)) for entry in entries]
    except Exception:
        return []


def _give_up(_: int, frame: types.FrameType | None) -> None:
    """Interrupts the measuring, and nothing else: a signal may be handed over late."""
    while frame is not None:
        if frame.f_code is _sizes.__code__:
            raise _TooLong
        frame = frame.f_back


def estimate(sizes: Sequence[int], total: int) -> tuple[int, int]:
    """(bytes, half a 95 % interval) of a population of `total` entries from a sample of sizes.

    The usual estimate of a total from a simple random sample, with the correction for a finite
    population (Cochran, Sampling Techniques, chapter 2).
    """
    mean = statistics.fmean(sizes)
    if len(sizes) < 2 or len(sizes) >= total:
        return round(mean * total), 0 if len(sizes) >= total else round(mean * total)
    spread = statistics.stdev(sizes) / math.sqrt(len(sizes)) * math.sqrt(1 - len(sizes) / total)
    return round(mean * total), round(1.96 * spread * total)


def entries_of(obj: object, info: TypeInfo, wanted: int = SAMPLE) -> tuple[list[object], int]:
    """A spread-out sample of a container's entries, keys beside values, and how many there are."""
    if info.cache is not None and info.cache != "functools" and info.dict_getter:
        attributes = info.dict_getter(obj)
        obj = next((attributes[n] for n in _DATA if n in attributes), obj)  # type: ignore[operator,index]
    if type.__dict__["__flags__"].__get__(type(obj)) & DICT:
        items: Sequence[object] = list(dict.items(obj))  # type: ignore[arg-type]
    else:
        items = _members(obj, info)
    step = max(1, len(items) // wanted)
    return list(items[::step][:wanted]), len(items)


def _members(obj: object, info: TypeInfo) -> list[object]:
    refs = gc.get_referents(obj)
    if info.cache == "functools":  # a link holds key and result; without a bound it is a dict
        table = max((r for r in refs if type(r) is dict), key=len, default={})
        return list(table.items())
    return [r for r in refs if r is not type(obj)]
