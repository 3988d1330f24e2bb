"""Caches: those of known libraries, those that were registered, and containers that act as one."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from ..model.caches import Cache, Caches
from ..model.ownership import Holder
from .registered import describe_cache, registered
from .safe import DICT, Types, clean
from .walk import Walk

CONTAINERS = 60  # plain containers listed
CONTAINER_FROM = 32  # entries from which a plain container is worth listing
KEYS = 10  # keys shown when values may be


def find_caches(
    walk: Walk,
    holders: Sequence[Holder],
    sizes: Sequence[int],
    objects: Mapping[str, object],
    by_hand: Mapping[str, object],
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

    def keys_of(holder: Holder) -> list[str]:
        return _keys(objects.get(holder.path), walk.types) if show_values else []

    found += containers(holders, sizes, {cache.path for cache in found}, keys_of)
    found += [registered(name, obj, walk.types) for name, obj in by_hand.items()]
    found.sort(key=lambda c: (-(c.size or 0), -c.entries))
    return Caches(caches=found)


def containers(
    holders: Sequence[Holder],
    sizes: Sequence[int],
    known: Container[str],
    keys_of: Callable[[Holder], list[str]],
) -> list[Cache]:
    """The plain containers that act as caches, the largest ones; `known` are paths of others."""
    plain = [
        h
        for h in holders
        if h.path not in known and h.entries >= CONTAINER_FROM and not h.path.startswith("(")
    ]
    plain.sort(key=lambda h: -sizes[h.node])
    return [_container(h, sizes[h.node], keys_of(h)) for h in _distinct(plain)[:CONTAINERS]]


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
    return shown(keys)


def shown(keys: Sequence[object]) -> list[str]:
    """Some keys as text, only of types whose repr is C code."""
    plain = [k for k in keys if type(k) in (str, int, float, bytes, bool)]
    return [clean(repr(k), 80) for k in plain[:KEYS]]
