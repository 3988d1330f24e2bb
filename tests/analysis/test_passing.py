"""Memory that running requests hold says nothing of growth."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.analysis.passing import passing_bytes
from flask_heapview.model.cycles import Cycles
from flask_heapview.model.ownership import FROM_C, Ownership
from flask_heapview.model.process import Allocators, Bridge, Process
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import MB, snapshot, tree


def serving(turn: int, resident: int, held: int, free: int) -> Snapshot:
    """So many MB resident. Requests under way hold some of them, and some are free."""
    found = snapshot(turn, 5)
    builder = tree(
        ([("app", "module")], 1, 100),
        ([("Thread-1", ""), (" in page", ""), (".rows", "list")], 1000, held * MB // 2),
        ([(FROM_C, ""), ("[ref]", "list")], 1, held * MB // 2),
    )
    return replace(
        found,
        ownership=Ownership(stacks=builder.build(), app_roots=["app"]),
        process=Process(
            anonymous=resident * MB,
            allocators=Allocators(pymalloc_free=free * MB),
            bridge=Bridge(python_objects=(held + 10) * MB),
        ),
    )


def test_what_threads_and_c_hold() -> None:
    assert passing_bytes(serving(0, 100, held=40, free=10)) == 40 * MB
    assert passing_bytes(snapshot(0, 100)) == 0


def test_memory_is_fragmented_whatever_is_under_way() -> None:
    """Most of what came is held by requests; most of the rest is free, and is not given back."""
    rows = [serving(0, 60, 0, 20), serving(1, 200, 100, 50), serving(2, 290, 150, 80)]
    report = judge_in_words(rows)
    assert (report.verdict, report.suspects[0].cause) == ("leak", "fragmentation")


def test_requests_that_need_more_for_a_while_are_no_leak() -> None:
    rows = [serving(0, 60, 0, 20), serving(1, 160, 100, 20), serving(2, 210, 150, 20)]
    assert judge_in_words(rows).verdict == "no-leak"


def test_free_memory_where_garbage_lay_is_no_fragmentation() -> None:
    """The process has not grown: what is free now was garbage before, or was in use."""
    waiting = [Cycles(garbage_objects=9, garbage_bytes=n * MB) for n in (40, 20, 0)]
    rows = [serving(n, 60 + 20 * n, 0, 20 * (n + 1)) for n in range(3)]
    assert judge_in_words(rows).suspects[0].cause == "fragmentation"
    rows = [replace(row, cycles=cycles) for row, cycles in zip(rows, waiting, strict=True)]
    assert judge_in_words(rows).suspects == []
    rows = [serving(n, 60, 0, 20 * (n + 1)) for n in range(3)]
    assert judge_in_words(rows).suspects == []
