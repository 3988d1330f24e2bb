"""Cycles: circular reference chains."""

from __future__ import annotations

from ..analysis import diff
from ..model.cycles import Cycles
from ..model.diff import CyclesDiff
from .base import View
from .drawing import Drawing
from .rings import rings
from .table import Column, Row, Table, TableQuery, table

_CHAIN = [Column("chain", "Chain", "code"), Column("state", "State")]


def _state(garbage: bool) -> str:
    return "garbage" if garbage else "alive"


def _tables(cycles: Cycles, query: TableQuery) -> list[Table]:
    columns = [
        *_CHAIN,
        Column("components", "Cycles", "int"),
        Column("count", "Objects", "int"),
        Column("size", "Size", "bytes"),
        Column("fingerprint", "Fingerprint", "code"),
    ]
    rows = [
        Row([g.chain, _state(g.garbage), g.components, g.count, g.size, g.fingerprint])
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
            ]
        )
        for c in cycles.groups
    ]
    return [table("Changes by chain", columns, rows, query, empty="No cycles were found.")]


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
