"""Allocations: who allocated what is still alive."""

from __future__ import annotations

from ..analysis import diff
from ..model.allocations import Allocations
from ..model.diff import AllocationsDiff
from ..model.stacks import Frame, Stacks
from .base import View
from .table import Column, Query, Row, Table, table
from .tree import level

_GROUPS = ("line", "file", "function", "endpoint", "traceback")


def _key(group: str, root: Frame, leaf: Frame) -> tuple[str, str]:
    """What the leaves of equal key are summed under."""
    if group == "file":
        return leaf.file, ""
    if group == "function":
        return leaf.label, leaf.file
    if group == "endpoint":
        return root.label, ""
    return f"{leaf.file}:{leaf.line}", leaf.label


_FIRST = [Column("place", "Allocated at", "code"), Column("function", "Function", "code")]
_NOW = [Column("size", "Alive", "bytes"), Column("count", "Blocks", "int")]
_EMPTY = "No allocation is known: switch tracing on, send traffic, and capture again."


def _grouped(stacks: Stacks, group: str, columns: list[list[int]]) -> list[Row]:
    """Sums of the columns over the leaves, by line, file, function or endpoint."""
    roots: list[int] = []
    for node, parent in enumerate(stacks.parent):
        roots.append(node if parent < 0 else roots[parent])
    sums: dict[tuple[str, ...], list[int]] = {}
    for node, root in enumerate(roots):
        values = [column[node] for column in columns]
        if any(values):
            key = _key(group, stacks.frame_at(root), stacks.frame_at(node))
            row = sums.setdefault(key, [0] * len(columns))
            for n, value in enumerate(values):
                row[n] += value
    rows = [Row([*key, *values]) for key, values in sums.items()]
    rows.sort(key=lambda row: -row.cells[2])
    return rows


def _tables(allocations: Allocations, query: Query) -> list[Table]:
    stacks = allocations.stacks
    if query.group == "traceback":
        return [_tree(stacks, query, [])]
    rows = _grouped(stacks, query.group, [stacks.size, stacks.count])
    return [table("Live memory by allocation site", [*_FIRST, *_NOW], rows, query, empty=_EMPTY)]


def _tree(stacks: Stacks, query: Query, deltas: list[list[int]]) -> Table:
    columns = [
        Column("name", "Called through", "code"),
        Column("type", ""),
        Column("count", "Blocks", "int"),
        Column("size", "Alive", "bytes"),
    ]
    if deltas:
        columns.append(Column("count_delta", "Blocks +/−", "delta"))
        columns.append(Column("size_delta", "Alive +/−", "delta_bytes"))
    rows = level(stacks, query.node, *deltas)
    return table("By traceback", columns, rows, query, empty=_EMPTY)


def _diff_tables(allocations: AllocationsDiff, query: Query) -> list[Table]:
    tree = allocations.tree
    if query.group == "traceback":
        return [_tree(tree.stacks, query, [tree.count_delta, tree.size_delta])]
    columns = [
        *_FIRST,
        Column("size_delta", "Alive +/−", "delta_bytes"),
        Column("count_delta", "Blocks +/−", "delta"),
    ]
    rows = _grouped(tree.stacks, query.group, [tree.size_delta, tree.count_delta])
    return [table("Changes by allocation site", columns, rows, query, empty=_EMPTY)]


VIEW = View(
    name="allocations",
    title="Allocations",
    summary="Who allocated what is still alive: by line, file, function, endpoint or traceback.",
    section=Allocations,
    difference=AllocationsDiff,
    diff=diff.allocations,
    tables=_tables,
    diff_tables=_diff_tables,
    groups=_GROUPS,
)
