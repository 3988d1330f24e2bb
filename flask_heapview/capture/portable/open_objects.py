"""Heap objects that hold a resource open."""

from __future__ import annotations

from collections.abc import Iterable

from ...allocations.site_counter import SiteCounter
from ...inspection.code_locations import CodeLocations
from ...model.ownership import Site
from ...model.resources import OpenObject
from .walk import Walk


def open_objects(walk: Walk, places: CodeLocations) -> list[OpenObject]:
    """Heap objects that hold a resource open, by type and owner."""
    rows: dict[tuple[str, str], list[object]] = {}
    for node, objects in walk.open.items():
        for obj in objects:
            rows.setdefault((walk.types.of(obj).name, walk.path(node)), []).append(obj)
    return [
        OpenObject(type=kind, path=path, count=len(objects), sites=_sites(objects, places))
        for (kind, path), objects in sorted(rows.items(), key=lambda row: -len(row[1]))
    ]


def _sites(objects: Iterable[object], places: CodeLocations) -> list[Site]:
    counter = SiteCounter(places)
    for obj in list(objects)[-50:]:
        counter.add(obj, 1)
    return counter.sites()
