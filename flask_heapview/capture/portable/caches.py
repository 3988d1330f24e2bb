"""Caches: those of known libraries, those that were registered, and containers that act as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...inspection.known_caches import containers, describe_cache, registered, shown
from ...inspection.type_info import DICT, Types
from ...model.caches import Cache, Caches
from ...model.ownership import Holder
from .walk import Walk


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
        return _keys_of_dict(objects.get(holder.path), walk.types) if show_values else []

    found += containers(holders, sizes, {cache.path for cache in found}, keys_of)
    found += [registered(name, obj, walk.types) for name, obj in by_hand.items()]
    found.sort(key=lambda c: (-(c.size or 0), -c.entries))
    return Caches(caches=found)


def _keys_of_dict(obj: object, types: Types) -> list[str]:
    """Some keys, only of types whose repr is C code."""
    if not types.of(obj).flags & DICT:
        return []
    keys: list[object] = list(dict.keys(obj))  # type: ignore[arg-type]
    return shown(keys)
