"""Garbage collector: its state, its work, its pauses."""

from __future__ import annotations

from typing import Any

from ..analysis import diff
from ..model.diff import GcDiff
from ..model.gc import Gc
from ..model.query import TableQuery
from .base import View
from .drawing import Drawing
from .table import Column, Row, Table, table
from .timeline import timeline


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _tables(gc: Gc, query: TableQuery) -> list[Table]:
    columns = [
        Column("generation", "Generation", "int"),
        Column("threshold", "Threshold", "int"),
        Column("count", "Count", "int"),
        Column("collections", "Collections", "int"),
        Column("collected", "Collected", "int"),
        Column("uncollectable", "Uncollectable", "int"),
        Column("p50", "Pause p50", "ms"),
        Column("p99", "Pause p99", "ms"),
        Column("max", "Longest pause", "ms"),
    ]
    cells: list[list[Any]] = [
        [
            number,
            g.threshold,
            g.count,
            g.collections,
            g.collected,
            g.uncollectable,
            _ms(g.pause_p50),
            _ms(g.pause_p99),
            _ms(g.pause_max),
        ]
        for number, g in enumerate(gc.generations)
    ]
    if any(g.duration is not None for g in gc.generations):
        columns += [Column("candidates", "Looked at", "int"), Column("time", "Time in all", "ms")]
        for row, g in zip(cells, gc.generations, strict=True):
            row += [g.candidates, _ms(g.duration)]
    rows = [Row(row) for row in cells]
    state = [
        Row(["enabled", "yes" if gc.enabled else "no"]),
        Row(["debug flags", str(gc.debug_flags)]),
        Row(["tracked objects", f"{gc.tracked:,}"]),
        Row(["frozen objects", f"{gc.frozen:,}"]),
        Row(["objects in gc.garbage", f"{gc.garbage:,}"]),
    ]
    names = [Column("what", "What"), Column("value", "Now")]
    return [
        table("Generations", columns, rows, query, name="generations"),
        table("State", names, state, query, name="state"),
        _recent(gc, query),
    ]


def _recent(gc: Gc, query: TableQuery) -> Table:
    """Each of the last collections, the newest first."""
    columns = [
        Column("before", "Seconds before the snapshot", "int"),
        Column("generation", "Generation", "int"),
        Column("pause", "Pause", "ms"),
        Column("collected", "Collected", "int"),
        Column("uncollectable", "Uncollectable", "int"),
    ]
    found = gc.recent
    rows = [
        Row([round(before, 2), generation, _ms(pause), collected, uncollectable])
        for before, generation, pause, collected, uncollectable in zip(
            found.before,
            found.generation,
            found.pause,
            found.collected,
            found.uncollectable,
            strict=False,
        )
    ]
    empty = "No collection was recorded before this snapshot."
    title = "The last collections, the newest first"
    return table(title, columns, rows[::-1], query, name="recent", empty=empty)


def _draw(gc: Gc) -> Drawing:
    return Drawing(timeline=timeline(gc.recent))


def _diff_tables(gc: GcDiff, query: TableQuery) -> list[Table]:
    columns = [
        Column("name", "What"),
        Column("base", "Before", "int"),
        Column("target", "After", "int"),
        Column("delta", "+/−", "delta"),
    ]
    ends = [(c.name, round(c.base), round(c.target)) for c in gc.changes]
    rows = [Row([name, base, target, target - base]) for name, base, target in ends]
    return [table("Collections between the snapshots", columns, rows, query)]


VIEW = View(
    name="gc",
    title="Collector",
    summary="The garbage collector: its settings, what it collected, and how long it paused.",
    section=Gc,
    difference=GcDiff,
    diff=diff.gc,
    tables=_tables,
    diff_tables=_diff_tables,
    draw=_draw,
)
