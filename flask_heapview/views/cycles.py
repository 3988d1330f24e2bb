"""Cycles: circular reference chains."""

from __future__ import annotations

from ..analysis import diff
from ..model.cycles import CycleGroup, Cycles
from ..model.diff import CyclesDiff
from ..model.query import TableQuery
from .base import View
from .drawing import Drawing
from .narrowed import line_of
from .rings import rings
from .table import Column, Row, Table, table

_CHAIN = [Column("chain", "Chain", "code"), Column("state", "State")]
_ALLOCATED = [
    Column("site", "Allocated at", "code", names="line"),
    Column("endpoint", "Endpoint", "code", names="serving"),
]


def _state(garbage: bool) -> str:
    return "garbage" if garbage else "alive"


def _allocated(group: CycleGroup) -> list[str]:
    """The place that allocated most of it, and the endpoint; empty where it is not known."""
    site = next(iter(group.sites), None)
    return ["", ""] if site is None else [line_of(site), site.endpoint or ""]


def _tables(cycles: Cycles, query: TableQuery) -> list[Table]:
    columns = [
        *_CHAIN,
        Column("components", "Cycles", "int"),
        Column("count", "Objects", "int"),
        Column("size", "Size", "bytes"),
        *_ALLOCATED,
        Column("fingerprint", "Fingerprint", "code"),
    ]
    rows = [
        Row(
            [
                *(g.chain, _state(g.garbage), g.components, g.count, g.size),
                *_allocated(g),
                g.fingerprint,
            ],
            types=g.types,
        )
        for g in cycles.groups
    ]
    return [table("Circular reference chains", columns, rows, query, empty="No cycles were found.")]


def _diff_tables(cycles: CyclesDiff, query: TableQuery) -> list[Table]:
    columns = [
        *_CHAIN,
        Column("components_delta", "Cycles +/−", "delta"),
        Column("count_delta", "Objects +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
        Column("size", "Size now", "bytes"),
        *_ALLOCATED,
    ]
    rows = [
        Row(
            [
                c.group.chain,
                _state(c.group.garbage),
                c.components_delta,
                c.count_delta,
                c.size_delta,
                c.group.size,
                *_allocated(c.group),
            ],
            types=c.group.types,
        )
        for c in cycles.groups
        if c.components_delta or c.count_delta or c.size_delta
    ]
    return [table("Changes by chain", columns, rows, query, empty="No cycle changed.")]


def _draw(cycles: Cycles) -> Drawing:
    return Drawing(rings=rings((group, None) for group in cycles.groups))


def _diff_draw(cycles: CyclesDiff) -> Drawing:
    """Those that have grown."""
    grown = ((c.group, c.size_delta) for c in cycles.groups if c.size_delta > 0)
    return Drawing(rings=rings(grown))


VIEW = View(
    name="cycles",
    title="Cycles",
    summary="Circular references: garbage that waits for the collector, and live cycles.",
    section=Cycles,
    difference=CyclesDiff,
    diff=diff.cycles,
    tables=_tables,
    diff_tables=_diff_tables,
    draw=_draw,
    diff_draw=_diff_draw,
)
