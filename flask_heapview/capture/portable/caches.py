"""Caches: those of known libraries, those that were registered, and containers that act as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...inspection.container_owners import Owners
from ...inspection.known_caches import (
    containers,
    describe_cache,
    of_the_service,
    registered,
    shown,
)
from ...inspection.type_info import DICT, Types
from ...model.caches import Cache, Caches
from ...model.ownership import Holder
from .walk import Walk


def find_caches(
    walk: Walk,
    holders: Sequence[Holder],
    owners: Owners,
    objects: Mapping[str, object],
    by_hand: Mapping[str, object],
    show_values: bool,
) -> Caches:
    """Every cache, largest first; deep sizes are still to come."""
    known: list[tuple[Cache, int]] = []
    for obj, node in walk.caches:
        try:
            cache = describe_cache(obj, walk.types.of(obj), walk.path(node))
        except Exception as error:
            name = type(error).__name__
            cache = Cache(path=walk.path(node), type="?", source="?", entries=0, error=name)
        known.append((cache, walk.rank[node]))
    found = of_the_service(known)

    def keys_of(holder: Holder) -> list[str]:
        return _keys_of_dict(objects.get(holder.path), walk.types) if show_values else []

    found += containers(holders, owners, found, keys_of)
    found += [registered(name, obj, walk.types) for name, obj in by_hand.items()]
    found.sort(key=lambda c: (-(c.size or 0), -c.entries))
    return Caches(caches=found)


def _keys_of_dict(obj: object, types: Types) -> list[str]:
    """Some keys, only of types whose repr is C code."""
    if not types.of(obj).flags & DICT:
        return []
    keys: list[object] = list(dict.keys(obj))  # type: ignore[arg-type]
    return shown(keys)
