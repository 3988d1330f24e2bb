"""Retained: what would be freed with an object, a type, a module."""

from __future__ import annotations

from ..analysis import diff
from ..model.diff import RetainedDiff
from ..model.query import TableQuery
from ..model.retained import Retained
from .base import View
from .objects import big_objects
from .table import Column, Row, Table, table

NO_GRAPH = "This capture has no graph. Choose “with the reference graph” when you capture."


def _types(retained: Retained, query: TableQuery) -> Table:
    columns = [
        Column("type", "Type", "code", names="kind"),
        Column("count", "Objects", "int"),
        Column("size", "Shallow size", "bytes"),
        Column("retained", "Retained size", "bytes"),
    ]
    rows = [
        Row([t.type, t.count, t.size, t.retained], opens=f"objects?kind={t.number}")
        for t in retained.types
    ]
    return table("Biggest types", columns, rows, query, name="types", empty=NO_GRAPH)


def _modules(retained: Retained, query: TableQuery) -> Table:
    columns = [
        Column("module", "Module or package", "code", names="owner"),
        Column("whose", "Whose"),
        Column("count", "Nearest objects", "int"),
        Column("size", "Their size", "bytes"),
        Column("retained", "Retained size", "bytes"),
    ]
    rows = [
        Row([m.module, "the app's" if m.app else "library", m.count, m.size, m.retained])
        for m in retained.modules
    ]
    return table("Memory by module", columns, rows, query, name="modules", empty=NO_GRAPH)


def _roots(retained: Retained, query: TableQuery) -> Table:
    columns = [
        Column("sort", "Held by"),
        Column("count", "Objects", "int"),
        Column("retained", "Retained size", "bytes"),
    ]
    rows = [[r.sort, r.count, r.retained] for r in retained.by_root]
    return table("Roots", columns, rows, query, name="roots", empty=NO_GRAPH)


def _tables(retained: Retained, query: TableQuery) -> list[Table]:
    return [
        big_objects("Biggest objects", retained.biggest, query, name="biggest", empty=NO_GRAPH),
        _types(retained, query),
        _modules(retained, query),
        _roots(retained, query),
    ]


def _diff_tables(retained: RetainedDiff, query: TableQuery) -> list[Table]:
    columns = [
        Column("base", "Before", "bytes"),
        Column("target", "After", "bytes"),
        Column("delta", "Retained +/−", "delta_bytes"),
    ]
    return [
        table(
            f"Changes by {title.lower()}",
            [Column("name", title, "code", names=names), *columns],
            [[c.name, int(c.base), int(c.target), int(c.delta)] for c in changes],
            query,
            name=name,
            empty="Both snapshots need a graph for this.",
        )
        for title, name, names, changes in (
            ("Type", "types", "type", retained.types),
            ("Module", "modules", "owner", retained.modules),
        )
    ]


VIEW = View(
    name="retained",
    title="Retained",
    summary="What would be freed with an object, a type or a module, by the dominator tree.",
    section=Retained,
    difference=RetainedDiff,
    diff=diff.retained,
    tables=_tables,
    diff_tables=_diff_tables,
)
