"""Ownership: who holds it, as a tree of paths from modules and threads."""

from __future__ import annotations

from ..analysis import diff
from ..model.diff import OwnershipDiff
from ..model.ownership import CAPTURE, Ownership
from ..model.query import TableQuery
from ..model.snapshot import Snapshot
from .base import View
from .icicle import Weighed
from .narrowed import holders_of_type, owners_of_line
from .table import Column, Row, Table, table
from .tree import level, owned

_TYPE = Column("type", "Type", "code", names="type")
_STEP = [Column("name", "Held through", "code"), _TYPE]
_CONTAINER = Column("path", "Container", "code", names="owner")
_NOW = [Column("count", "Objects", "int"), Column("size", "Size, with all below", "bytes")]


def _tables(ownership: Ownership, query: TableQuery) -> list[Table]:
    tree = table(
        "Paths from the roots" if query.node < 0 else "Held below this node",
        [*_STEP, *_NOW],
        owned(ownership.stacks, level(ownership.stacks, query.node), query.node),
        query,
        name="tree",
    )
    if query.node >= 0:
        return [tree]
    columns = [
        _CONTAINER,
        _TYPE,
        Column("entries", "Entries", "int"),
        Column("limit", "Limit", "int"),
    ]
    sizes = ownership.stacks.totals()[1]
    rows = [
        Row([h.path, h.type, h.entries, h.limit, sizes[h.node]], owner=h.path)
        for h in ownership.holders
        if h.entries >= 32
    ]
    columns.append(Column("size", "Size, with all below", "bytes"))
    rows.sort(key=lambda row: -row.cells[4])
    return [tree, table("Containers", columns, rows, query, name="containers")]


def _diff_tables(ownership: OwnershipDiff, query: TableQuery) -> list[Table]:
    changes = [
        Column("count_delta", "Objects +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
    ]
    tree = ownership.tree
    rows = level(tree.stacks, query.node, tree.count_delta, tree.size_delta)
    rows = owned(tree.stacks, rows, query.node)
    made = [table("What changed, by path", [*_STEP, *_NOW, *changes], rows, query, name="tree")]
    if query.node >= 0:
        return made
    columns = [
        _CONTAINER,
        _TYPE,
        Column("entries_delta", "Entries +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("entries", "Entries now", "int"),
        Column("limit", "Limit", "int"),
    ]
    holders = [
        Row([h.path, h.type, h.entries_delta, h.size_delta, h.entries, h.limit], owner=h.path)
        for h in ownership.holders
        if not h.path.startswith(CAPTURE)  # what a capture itself needs says nothing
    ]
    first = table("Containers that changed", columns, holders, query, name="containers")
    return [first, *made]


def _picture(ownership: Ownership, _: Snapshot) -> Weighed:
    return Weighed(ownership.stacks, own_roots=frozenset(ownership.app_roots))


def _diff_picture(ownership: OwnershipDiff, _: Snapshot) -> Weighed:
    tree = ownership.tree
    return Weighed(tree.stacks, tree.size_delta, tree.count_delta)


VIEW = View(
    name="ownership",
    title="Ownership",
    summary="Who holds the memory: every object once, under its shortest path from a root.",
    section=Ownership,
    difference=OwnershipDiff,
    diff=diff.ownership,
    tables=_tables,
    diff_tables=_diff_tables,
    narrowed={"type": holders_of_type, "line": owners_of_line},
    picture=_picture,
    diff_picture=_diff_picture,
)
