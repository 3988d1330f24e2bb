"""The collector's pauses and figures."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace

import msgspec
import pytest

from flask_heapview.analysis import diff
from flask_heapview.model.gc import Generation
from flask_heapview.model.query import TableQuery
from flask_heapview.process import collector
from flask_heapview.process.collector import PauseHistory, read_gc
from flask_heapview.views.gc import VIEW

from ..analysis.factories import snapshot


def test_pauses_are_kept_and_bounded() -> None:
    history = PauseHistory()
    assert history.figures(0) == (None, None, None)
    history("stop", {"generation": 0})
    for _ in range(2000):
        history("start", {"generation": 0})
        history("stop", {"generation": 0})
    p50, p99, longest = history.figures(0)
    assert p50 is not None
    assert p99 is not None
    assert longest is not None
    assert 0 <= p50 <= p99 <= longest < 1
    assert len(history._rings[0].last(9999)) == len(history._rings[0].pause) == 512
    history.install()
    history.install()
    state = read_gc()
    assert len(state.generations) == 3
    history.remove()


NEWER = {"collections": 4, "collected": 3, "uncollectable": 0, "candidates": 9127, "duration": 0.25}


def test_what_newer_collectors_say_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.15 counts the objects that it looks at, and the seconds that it takes."""
    if sys.version_info >= (3, 15):
        gc.collect()
        assert (read_gc().generations[2].candidates or 0) > 1000
        assert (read_gc().generations[2].duration or 0) > 0
    else:
        assert read_gc().generations[0].duration is None
    monkeypatch.setattr(gc, "get_stats", lambda: [NEWER] * 3)
    state = read_gc()
    (generations, *_) = VIEW.tables(state, TableQuery())
    assert [c.title for c in generations.columns][-2:] == ["Looked at", "Time in all"]
    assert generations.rows[0].cells[-2:] == [9127, 250.0]
    before = msgspec.structs.replace(state, generations=[Generation(700, 1, 2, 1, 0)] * 3)
    changes = {
        c.name: c.delta
        for c in diff.gc(snapshot(0, 9, gc=before), snapshot(1, 9, gc=state)).changes
    }
    assert changes["generation 1: objects looked at"] == 9127
    assert changes["generation 1: milliseconds"] == 250
    compared = VIEW.diff_tables(
        diff.gc(snapshot(0, 9, gc=before), snapshot(1, 9, gc=state)), TableQuery()
    )
    assert ["generation 1: milliseconds", 0, 250, 250] in [row.cells for row in compared[0].rows]
    (older, *_) = VIEW.tables(before, TableQuery())
    assert older.columns[-1].title == "Longest pause"


def test_all_pauses_are_counted_by_their_length(monkeypatch: pytest.MonkeyPatch) -> None:
    history, clock = PauseHistory(), iter([10.0, 10.0001, 20.0, 20.03, 30.0, 39.0, 40.0, 41.0])
    monkeypatch.setattr(collector, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    for generation in (0, 2, 2, 0):
        history("start", {"generation": generation})
        history("stop", {"generation": generation})
    first, second, third = history.totals()
    assert len(first.bounds) == 6
    assert first.counts == [1, 0, 0, 0, 0, 1, 0]  # a bound itself is within
    assert second.counts == [0] * 7
    assert third.counts == [0, 0, 0, 1, 0, 0, 1]
    assert first.seconds == pytest.approx(1.0001)
    assert third.seconds == pytest.approx(9.03)


def test_a_new_process_counts_from_nothing() -> None:
    history = PauseHistory()
    history("start", {"generation": 1})
    history("stop", {"generation": 1})
    assert sum(history.totals()[1].counts) == 1
    history.install()  # as it is called first in a process that was forked
    assert sum(history.totals()[1].counts) == 0
    history.remove()


def test_the_last_collections_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    history, clock = PauseHistory(), iter([10.0, 10.5, 20.0, 20.25, 50.0])
    monkeypatch.setattr(collector, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    for generation, collected in ((2, 900), (0, 7)):
        history("start", {"generation": generation})
        history("stop", {"generation": generation, "collected": collected, "uncollectable": 1})
    found = history.recent()
    assert found.before == [40.0, 30.0]
    assert found.generation == [2, 0]
    assert found.pause == [0.5, 0.25]
    assert (found.collected, found.uncollectable) == ([900, 7], [1, 1])
    assert found.forgotten == [0, 0, 0]


def test_the_newest_are_kept_and_the_others_are_counted() -> None:
    history = PauseHistory()
    for number in range(1300):
        history("start", {"generation": 0})
        history("stop", {"generation": 0, "collected": number})
    found = history.recent()
    assert found.collected == list(range(1130, 1300))
    assert found.before == sorted(found.before, reverse=True)
    assert found.forgotten == [1130, 0, 0]


def test_a_real_collection_is_recorded() -> None:
    history = PauseHistory()
    history.install()
    try:
        for _ in range(500):
            cycle: list[object] = []
            cycle.append(cycle)
        del cycle
        gc.collect()
    finally:
        history.remove()
    found = history.recent()
    assert found.generation[-1] == 2
    assert found.pause[-1] > 0
    assert sum(found.collected) >= 500
    assert 0 <= found.before[-1] < 60
