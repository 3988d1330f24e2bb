"""Allocations: who allocated what is still alive."""

from __future__ import annotations

import msgspec

from ..analysis import diff
from ..analysis.confidence_interval import difference_interval, sum_interval
from ..model.allocations import Allocations
from ..model.diff import AllocationsDiff
from ..model.snapshot import Snapshot, requests_of
from ..model.stacks import Stacks
from .base import View
from .grouping import GROUPS, Only, Sum, grouped
from .icicle import Weighed
from .narrowed import ENDPOINT as ENDPOINT_LABEL
from .narrowed import line_of, sites_of_owner
from .table import Column, Row, Table, TableQuery, table
from .tree import level

TRACEBACK, ENDPOINT = "traceback", "endpoint"
_NOW = [Column("size", "Alive", "bytes"), Column("count", "Blocks", "int")]
_BETWEEN = [Column("low", "At least", "bytes"), Column("high", "At most", "bytes")]
_EVER = Column("allocated", "Ever allocated", "bytes")
_CHANGE = [
    Column("size_delta", "Alive +/−", "delta_bytes"),
    Column("count_delta", "Blocks +/−", "delta"),
]
_CHANGE_BETWEEN = [
    Column("low", "At least", "delta_bytes"),
    Column("high", "At most", "delta_bytes"),
]
_CHURN = Column("allocated", "Allocated", "bytes")
_REQUESTS = [
    Column("requests", "Requests", "int"),
    Column("per_request", "Alive per request", "delta_bytes"),
]
_AGES = [
    Column("place", "Line", "code", names="line"),
    Column("endpoint", "Endpoint", "code", names="serving"),
    Column("births", "Oldest to newest", "births"),
    Column("size", "Alive", "bytes"),
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
        return [_tree(allocations.stacks, query, [])]
    group, columns, stacks = _group(query), list(_NOW), allocations.stacks
    sampled = allocations.mode == "sampled"
    figures = [stacks.size, stacks.count]
    if sampled:
        columns[1:1] = _BETWEEN
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


def _tree(stacks: Stacks, query: TableQuery, deltas: list[list[int]]) -> Table:
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


def _diff_tables(allocations: AllocationsDiff, query: TableQuery) -> list[Table]:
    tree = allocations.tree
    if query.group == TRACEBACK:
        return [_tree(tree.stacks, query, [tree.count_delta, tree.size_delta])]
    group, columns = _group(query), list(_CHANGE)
    sampled = allocations.mode == "sampled"
    figures = [tree.size_delta, tree.count_delta]
    if sampled:
        columns[1:1] = _CHANGE_BETWEEN
        columns.append(_CHURN)
        figures += [allocations.variance, allocations.allocated]  # type: ignore[list-item]
    if group == ENDPOINT:
        columns += _REQUESTS
    found = grouped(tree.stacks, allocations.app_frames, group, figures, _only(query))
    found.sort(key=lambda one: (-one.sums[0], -one.sums[-1]))
    rows = []
    for one in found:
        cells = [*_named(group, one), *_changes(one, sampled)]
        rows.append(Row(cells + (_per_request(allocations, one) if group == ENDPOINT else [])))
    title = "Changes by " + group
    return [table(title, [*_names(group), *columns], rows, query, empty=_EMPTY)]


def _changes(one: Sum, sampled: bool) -> list[int]:
    size, count = map(round, one.sums[:2])
    if not sampled:
        return [size, count]
    bounds = difference_interval(one.sums[0], one.sums[2])
    return [size, round(bounds.low), round(bounds.high), count, round(one.sums[3])]


def _per_request(allocations: AllocationsDiff, one: Sum) -> list[int | None]:
    requests = requests_of(allocations.requests, one.key[0].removeprefix(ENDPOINT_LABEL))
    return [requests, round(one.sums[0] / requests)] if requests else [None, None]


def _difference(base: Snapshot, target: Snapshot) -> AllocationsDiff:
    """The difference, with a note where the two cannot be compared."""
    made = diff.allocations(base, target)
    if base.allocations.mode == target.allocations.mode:
        return made
    note = "Allocation tracing had another mode in the other snapshot. The difference means little."
    return msgspec.structs.replace(made, note=note)


def _picture(allocations: Allocations, _: Snapshot) -> Weighed:
    own = frozenset(allocations.app_frames)
    return Weighed(allocations.stacks, own_frames=own, group=TRACEBACK)


def _diff_picture(allocations: AllocationsDiff, _: Snapshot) -> Weighed:
    tree = allocations.tree
    return Weighed(tree.stacks, tree.size_delta, tree.count_delta, group=TRACEBACK)


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
    picture=_picture,
    diff_picture=_diff_picture,
)
