"""Allocations: who allocated what is still alive."""

from __future__ import annotations

import msgspec

from ..analysis import diff
from ..analysis.confidence_interval import difference_interval, sum_interval
from ..model.allocations import Allocations
from ..model.diff import AllocationsDiff
from ..model.query import TableQuery
from ..model.snapshot import Snapshot
from .base import View
from .grouping import GROUPS, Only, Sum, grouped
from .narrowed import line_of, sites_of_owner
from .table import Column, Row, Table, table
from .tracebacks import (
    BETWEEN,
    CHANGE_BETWEEN,
    COUNT_CHANGE,
    ENDPOINT,
    REQUESTS,
    SIZE,
    SIZE_CHANGE,
    TRACEBACK,
    diff_picture,
    per_request,
    picture,
    tree_table,
)

_NOW = [SIZE, Column("count", "Blocks", "int")]
_EVER = Column("allocated", "Ever allocated", "bytes")
_CHANGE = [SIZE_CHANGE, COUNT_CHANGE]
_CHURN = Column("allocated", "Allocated", "bytes")
_AGES = [
    Column("place", "Line", "code", names="line"),
    Column("endpoint", "Endpoint", "code", names="serving"),
    Column("births", "Oldest to newest", "births"),
    SIZE,
]
_EMPTY = "No allocations were recorded. Switch tracing on, send traffic and capture again."


def _group(query: TableQuery) -> str:
    return query.group if query.group in GROUPS else "line"


def _only(query: TableQuery) -> Only | None:
    return (query.only, query.name) if query.only in GROUPS else None


def _names(group: str) -> list[Column]:
    titles = [title for title in GROUPS[group][1:] if title]
    return [
        Column(key, title, "code", names=group if key == "place" else "")
        for key, title in zip(("place", "more"), titles, strict=False)
    ]


def _tables(allocations: Allocations, query: TableQuery) -> list[Table]:
    if query.group == TRACEBACK:
        return [tree_table(allocations.stacks, query, _EMPTY)]
    group, columns, stacks = _group(query), list(_NOW), allocations.stacks
    sampled = allocations.mode == "sampled"
    figures = [stacks.size, stacks.count]
    if sampled:
        columns[1:1] = BETWEEN
        columns.append(_EVER)
        figures += [allocations.variance, allocations.largest, allocations.allocated]  # type: ignore[list-item]
    found = grouped(stacks, allocations.app_frames, group, figures, _only(query))
    found.sort(key=lambda one: (-one.sums[0], -one.sums[-1]))
    rows = [Row([*_named(group, one), *_figures(one, sampled)]) for one in found]
    title = "Live memory by " + group
    live = table(title, [*_names(group), *columns], rows, query, empty=_EMPTY)
    return [live, _ages(allocations, query)] if sampled and not query.only else [live]


def _ages(allocations: Allocations, query: TableQuery) -> Table:
    """When what is alive was allocated, at the lines with the most of it."""
    rows = [
        Row([line_of(site), site.endpoint or "", site.births, site.size])
        for site in allocations.sites
    ]
    return table("Alive by birth", _AGES, rows, query, name="ages")


def _named(group: str, one: Sum) -> tuple[str, ...]:
    return one.key if GROUPS[group][2] else one.key[:1]


def _figures(one: Sum, sampled: bool) -> list[int]:
    size, count = map(round, one.sums[:2])
    if not sampled:
        return [size, count]
    bounds = sum_interval(one.sums[0], one.sums[2], one.tops[3])
    return [size, round(bounds.low), round(bounds.high), count, round(one.sums[4])]


def _diff_tables(allocations: AllocationsDiff, query: TableQuery) -> list[Table]:
    tree = allocations.tree
    if query.group == TRACEBACK:
        return [tree_table(tree.stacks, query, _EMPTY, tree.count_delta, tree.size_delta)]
    group, columns = _group(query), list(_CHANGE)
    sampled = allocations.mode == "sampled"
    figures = [tree.size_delta, tree.count_delta]
    if sampled:
        columns[1:1] = CHANGE_BETWEEN
        columns.append(_CHURN)
        figures += [allocations.variance, allocations.allocated]  # type: ignore[list-item]
    if group == ENDPOINT:
        columns += REQUESTS
    found = grouped(tree.stacks, allocations.app_frames, group, figures, _only(query))
    found.sort(key=lambda one: (-one.sums[0], -one.sums[-1]))
    rows = []
    for one in found:
        cells = [*_named(group, one), *_changes(one, sampled)]
        if group == ENDPOINT:
            cells += per_request(allocations.requests, one.key[0], one.sums[0])
        rows.append(Row(cells))
    title = "Changes by " + group
    return [table(title, [*_names(group), *columns], rows, query, empty=_EMPTY)]


def _changes(one: Sum, sampled: bool) -> list[int]:
    size, count = map(round, one.sums[:2])
    if not sampled:
        return [size, count]
    bounds = difference_interval(one.sums[0], one.sums[2])
    return [size, round(bounds.low), round(bounds.high), count, round(one.sums[3])]


def _difference(base: Snapshot, target: Snapshot) -> AllocationsDiff:
    """The difference, with a note where the two cannot be compared."""
    made = diff.allocations(base, target)
    if base.allocations.mode == target.allocations.mode:
        return made
    note = "Allocation tracing had another mode in the other snapshot. The difference means little."
    return msgspec.structs.replace(made, note=note)


VIEW = View(
    name="allocations",
    title="Allocations",
    summary="Who allocated the memory that is still alive: by line of your code, function, module, "
    "file, endpoint or traceback.",
    section=Allocations,
    difference=AllocationsDiff,
    diff=_difference,
    tables=_tables,
    diff_tables=_diff_tables,
    groups=(*GROUPS, TRACEBACK),
    narrowed={"owner": sites_of_owner},
    picture=picture,
    diff_picture=diff_picture,
)
