"""Two engines side by side: the table of their page. No view of its own: it is of two snapshots."""

from __future__ import annotations

from ..model.opinions import Opinions, Reason
from ..model.query import TableQuery
from .table import Column, Row, Table, table

REASONS: dict[Reason, str] = {
    "dictionaries": "attributes",
    "untracked": "not tracked",
    "own": "a capture's own",
    "rest": "moment and engine",
}


def by_type(found: Opinions, query: TableQuery) -> Table:
    """All types, the largest difference first. Without a reason, the engines agree."""
    first, second = found.first.engine_kind, found.second.engine_kind
    columns = [
        Column("type", "Type", "code"),
        Column("first_objects", f"Objects, {first}", "int"),
        Column("second_objects", f"Objects, {second}", "int"),
        Column("objects", "+/−", "delta"),
        Column("first_bytes", f"Size, {first}", "bytes"),
        Column("second_bytes", f"Size, {second}", "bytes"),
        Column("bytes", "+/−", "delta_bytes"),
        Column("reason", "Why"),
    ]
    rows = [
        Row(
            [
                one.type,
                one.first_objects,
                one.second_objects,
                one.second_objects - one.first_objects,
                one.first_bytes,
                one.second_bytes,
                one.second_bytes - one.first_bytes,
                REASONS[one.reason] if one.reason else "",
            ]
        )
        for one in found.types
    ]
    return table("By type", columns, rows, query)
