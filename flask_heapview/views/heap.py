"""Heap: how many objects of each type, and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from ..analysis import diff
from ..model.diff import HeapDiff, TypeChange
from ..model.heap import Heap, TypeRow
from ..model.ownership import Ownership
from ..model.query import TableQuery
from ..model.snapshot import Snapshot
from . import owned_types
from .base import View
from .table import Column, Row, Table, table
from .treemap import Part, Treemap, by_group, treemap

_GROUPS = ("type", "module")
BUILTINS = "builtins"  # the module of most memory: its types are told apart


R = TypeVar("R", TypeRow, TypeChange)


def only(rows: Sequence[R], query: TableQuery) -> list[R]:
    """Those of the one type or module that the page is about; else all."""
    if query.only not in _GROUPS:
        return list(rows)
    return [row for row in rows if getattr(row, query.only) == query.name]


def _tables(heap: Heap, query: TableQuery) -> list[Table]:
    if query.group == "module":
        return [_by_module(heap, query)]
    columns = [
        Column("type", "Type", "code", names="type"),
        Column("count", "Objects", "int"),
        Column("size", "Shallow size", "bytes"),
        Column("share", "Share", "ratio"),
        Column("tracked", "Tracked by gc", "int"),
    ]
    total = max(1, heap.size)
    rows = [
        Row([t.type, t.count, t.size, t.size / total, t.tracked]) for t in only(heap.types, query)
    ]
    return [table("By type", columns, rows, query)]


def _by_module(heap: Heap, query: TableQuery) -> Table:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for row in only(heap.types, query):
        counts[row.module] += row.count
        sizes[row.module] += row.size
    columns = [
        Column("module", "Module of the type", "code", names="module"),
        Column("count", "Objects", "int"),
        Column("size", "Shallow size", "bytes"),
    ]
    rows = [Row([m, counts[m], size]) for m, size in sizes.most_common()]
    return table("By module", columns, rows, query)


def _diff_tables(heap: HeapDiff, query: TableQuery) -> list[Table]:
    columns = [
        Column("type", "Type", "code", names="type"),
        Column("count_delta", "Objects +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("count", "Objects now", "int"),
        Column("size", "Size now", "bytes"),
    ]
    if query.group == "module":
        modules: dict[str, list[int]] = {}
        for t in only(heap.types, query):
            sums = modules.setdefault(t.module, [0, 0, 0, 0])
            for n, value in enumerate((t.count_delta, t.size_delta, t.count, t.size)):
                sums[n] += value
        rows = [Row([name, *sums]) for name, sums in modules.items()]
        rows.sort(key=lambda r: -r.cells[2])
        return [
            table(
                "Changes by module",
                [Column("type", "Module", "code", names="module"), *columns[1:]],
                rows,
                query,
            )
        ]
    rows = [
        Row([t.type, t.count_delta, t.size_delta, t.count, t.size]) for t in only(heap.types, query)
    ]
    return [table("Changes by type", columns, rows, query, empty="No type changed.")]


def _treemap(heap: Heap, snapshot: Snapshot, query: TableQuery) -> Treemap:
    parts = [Part(t.type, t.module, t.count, t.size) for t in only(heap.types, query)]
    return _drawn(parts, None, snapshot, query)


def _diff_treemap(heap: HeapDiff, first: Snapshot, last: Snapshot, query: TableQuery) -> Treemap:
    rows = only(heap.types, query)
    parts = [Part(t.type, t.module, t.count, t.size, t.size_delta) for t in rows]
    return _drawn(parts, first.ownership, last, query)


def _drawn(
    types: list[Part], first: Ownership | None, last: Snapshot, query: TableQuery
) -> Treemap:
    """By owner, as builtin types say little. `types` are those that the table has."""
    roots = last.ownership.app_roots
    if query.group == "module":
        packages = {root.partition(".")[0] for root in roots}
        apart = [part for part in types if part.group == BUILTINS]
        others = by_group([part for part in types if part.group != BUILTINS])
        return treemap([*apart, *others], names="module", own=packages, search=query.search)
    if query.only not in _GROUPS:
        return treemap(owned_types.by_type(first, last.ownership), own=roots, search=query.search)
    whole = sum(part.count for part in types), sum(part.size for part in types)
    wanted = {part.name for part in types}
    parts = owned_types.of_types(first, last.ownership, wanted, whole)
    return treemap(parts, names="owner", own=roots, search=query.search)


VIEW = View(
    name="heap",
    title="Heap",
    summary="How many objects of each type are alive, and their shallow size.",
    section=Heap,
    difference=HeapDiff,
    diff=diff.heap,
    tables=_tables,
    diff_tables=_diff_tables,
    groups=_GROUPS,
    treemap=_treemap,
    diff_treemap=_diff_treemap,
)
