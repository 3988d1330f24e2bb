"""Pages about objects of a graph capture. Their names lead on, as those of the views do."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from ..model.base import Model, from_json, to_json
from ..model.query import TableQuery
from ..model.retained import Cut, ObjectDetail, ObjectList
from ..store.snapshots import Store
from ..views.links import Known, add_links
from ..views.objects import big_objects, cut_tables, detail_tables
from ..views.table import RowLink, Table
from . import queries

VIEW = "retained"  # the view that leads to these pages
Kind = Literal["object_page", "objects_page", "cut_page"]


class ObjectPage(Model, frozen=True):
    """What such a page shows."""

    found: msgspec.Raw  # an ObjectDetail, an ObjectList or a Cut
    tables: list[Table]
    leads: list[RowLink] = []  # where the one object or type leads that the page is about

    def detail(self) -> ObjectDetail:
        return from_json(bytes(self.found), ObjectDetail)

    def listed(self) -> ObjectList:
        return from_json(bytes(self.found), ObjectList)

    def cut(self) -> Cut:
        return from_json(bytes(self.found), Cut)


def page(
    store: Store, kind: Kind, target: str | None, number: int, referrer: int, query: TableQuery
) -> ObjectPage:
    """`number` is that of the object, or of the type. Raises NotFound, Conflict, BadRequest."""
    found: ObjectDetail | ObjectList | Cut
    if kind == "object_page":
        found = queries.one_object(store, target, number)
        about, tables = (found.type, found.name), detail_tables(found, query)
    elif kind == "objects_page":
        found = queries.objects(store, target, number)
        about, tables = (found.type, ""), [big_objects("Objects", found.objects, query)]
    else:
        found = queries.cut(store, target, referrer, number)
        about, tables = ("", ""), cut_tables(found, query)
    last = store.load(target or "")
    known = Known(None, last, bool(queries.earlier(store, last.info)))
    add_links(VIEW, tables, known)
    return ObjectPage(msgspec.Raw(to_json(found)), tables, _leads(known, *about))


def _leads(known: Known, kind: str, path: str) -> list[RowLink]:
    """From a type, and from the path at which an object is."""
    holders = [replace(one, text="Who holds this type") for one in known.links(VIEW, "type", kind)]
    growth = "Growth of this type, snapshot by snapshot"
    place = [
        replace(one, text="Its place in Ownership") for one in known.links(VIEW, "owner", path)
    ]
    return [
        *holders,
        *(known.growth("type", kind, growth) if kind else []),
        *place,
        *known.of_owner(path, "Who allocated it"),
    ]
