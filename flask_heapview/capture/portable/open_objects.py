"""Heap objects that hold a resource open."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ...allocations.site_counter import SiteCounter
from ...inspection.code_locations import CodeLocations
from ...model.ownership import Site
from ...model.resources import OWN_PATH, OpenObject, Resources
from .walk import Walk


def with_open_objects(
    found: Resources, walk: Walk, places: CodeLocations, own: Iterable[int], traced: str
) -> Resources:
    """The resources with the heap objects that hold one open, by type and owner.

    `own` are the ids of ours. `traced` says how allocations are.
    """
    ours = frozenset(own)
    rows: dict[tuple[str, str], list[object]] = {}
    for node, objects in walk.open.items():
        for obj in objects:
            path = OWN_PATH if id(obj) in ours else walk.path(node)
            rows.setdefault((walk.types.of(obj).name, path), []).append(obj)
    listed = [
        OpenObject(type=kind, path=path, count=len(objects), sites=_sites(objects, places))
        for (kind, path), objects in sorted(rows.items(), key=lambda row: -len(row[1]))
    ]
    return msgspec.structs.replace(found, open_objects=listed, traced=traced)


def _sites(objects: Iterable[object], places: CodeLocations) -> list[Site]:
    counter = SiteCounter(places)
    for obj in list(objects)[-50:]:
        counter.add(obj, 1)
    return counter.sites()
