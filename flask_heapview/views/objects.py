"""Objects of a graph capture: the tables of their pages. No view of its own: it is a way down."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.query import TableQuery
from ..model.retained import BigObject, Cut, Link, ObjectDetail
from .path import reference_text
from .table import Column, Row, Table, table

_TYPE = Column("type", "Type", "code", names="type")
_SIZES = [
    Column("size", "Shallow size", "bytes"),
    Column("retained", "Retained size", "bytes"),
]


def big_objects(
    title: str,
    objects: Sequence[BigObject],
    query: TableQuery,
    *,
    name: str = "",
    empty: str = "Nothing here.",
) -> Table:
    """Objects with what would be freed with them; each row leads to its object."""
    columns = [Column("object", "Object", "code", names="object"), _TYPE, *_SIZES]
    rows = [
        Row([o.name, o.type, o.size, o.retained], opens=f"objects/{o.index}", owner=o.name)
        for o in objects
    ]
    return table(title, columns, rows, query, name=name, empty=empty)


def _links(title: str, links: Sequence[Link], total: int, query: TableQuery, empty: str) -> Table:
    columns = [Column("label", "By", "code"), _TYPE, *_SIZES]
    rows = [
        Row(
            [reference_text(one) or one.type, one.type, one.size, one.retained],
            opens=f"objects/{one.index}",
        )
        for one in links
    ]
    if total > len(links):
        title = f"{title} ({len(links)} of {total:,})"
    return table(title, columns, rows, query, name=title.partition(" ")[0].lower(), empty=empty)


def detail_tables(found: ObjectDetail, query: TableQuery) -> list[Table]:
    """What goes with one object, who refers to it, to whom it refers."""
    chain = found.dominators
    return [
        _links(
            "Immediately dominated objects",
            found.dominated,
            found.dominated_total,
            query,
            "Nothing else would be freed with this object.",
        ),
        _links(
            "Dominators, the nearest first",
            chain,
            len(chain),
            query,
            "Only a GC root keeps it alive.",
        ),
        _links(
            "Referrers",
            found.referrers,
            found.referrers_total,
            query,
            "No object refers to this one.",
        ),
        _links(
            "Referents",
            found.referents,
            found.referents_total,
            query,
            "This object refers to nothing.",
        ),
    ]


def cut_tables(found: Cut, query: TableQuery) -> list[Table]:
    """What would be free without a reference and what stays, or what still holds its target."""
    if not found.freed:
        total = len(found.holders)
        empty = "No other object refers to it."
        return [_links("What still refers to it", found.holders, total, query, empty)]
    columns = [
        _TYPE,
        Column("count", "Objects", "int"),
        Column("size", "Size", "bytes"),
    ]
    rows = [Row([row.type, row.count, row.size]) for row in found.types]
    kept, total = found.kept, len(found.kept)
    return [
        table("What would be free, by type", columns, rows, query, name="types"),
        _links(
            "Referents that stay, held by others",
            kept,
            total,
            query,
            "All that it refers to would be free, too.",
        ),
    ]
