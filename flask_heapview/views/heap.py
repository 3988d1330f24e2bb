"""Heap: how many objects of each type, and how large."""

from __future__ import annotations

from collections import Counter

from ..analysis import diff
from ..model.diff import HeapDiff
from ..model.heap import Heap
from .base import View
from .table import Column, Row, Table, TableQuery, table

_GROUPS = ("type", "module")


def _tables(heap: Heap, query: TableQuery) -> list[Table]:
    if query.group == "module":
        return [_by_module(heap, query)]
    columns = [
        Column("type", "Type", "code"),
        Column("count", "Objects", "int"),
        Column("size", "Shallow size", "bytes"),
        Column("share", "Share", "ratio"),
        Column("tracked", "Tracked by gc", "int"),
    ]
    total = max(1, heap.size)
    rows = [Row([t.type, t.count, t.size, t.size / total, t.tracked]) for t in heap.types]
    return [table("By type", columns, rows, query)]


def _by_module(heap: Heap, query: TableQuery) -> Table:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for row in heap.types:
        counts[row.module] += row.count
        sizes[row.module] += row.size
    columns = [
        Column("module", "Module of the type", "code"),
        Column("count", "Objects", "int"),
        Column("size", "Shallow size", "bytes"),
    ]
    rows = [Row([m, counts[m], size]) for m, size in sizes.most_common()]
    return table("By module", columns, rows, query)


def _diff_tables(heap: HeapDiff, query: TableQuery) -> list[Table]:
    columns = [
        Column("type", "Type", "code"),
        Column("count_delta", "Objects +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("count", "Objects now", "int"),
        Column("size", "Size now", "bytes"),
    ]
    if query.group == "module":
        modules: dict[str, list[int]] = {}
        for t in heap.types:
            sums = modules.setdefault(t.module, [0, 0, 0, 0])
            for n, value in enumerate((t.count_delta, t.size_delta, t.count, t.size)):
                sums[n] += value
        rows = [Row([name, *sums]) for name, sums in modules.items()]
        rows.sort(key=lambda r: -r.cells[2])
        return [
            table(
                "Changes by module", [Column("type", "Module", "code"), *columns[1:]], rows, query
            )
        ]
    rows = [Row([t.type, t.count_delta, t.size_delta, t.count, t.size]) for t in heap.types]
    return [table("Changes by type", columns, rows, query, empty="No type changed.")]


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
)
