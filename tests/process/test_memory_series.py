"""A worker's memory over time: bounded, even, and at no price for a single request."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from flask_heapview.model.process import Container
from flask_heapview.process import collector, level_history, memory_series
from flask_heapview.process.headroom import left_until_limit
from flask_heapview.process.level_history import LevelHistory
from flask_heapview.process.memory_series import MAX_POINTS, MIN_INTERVAL_NS, MemorySeries
from flask_heapview.request_context import RequestCounter

from ..run_isolated import alone

SECOND = 1_000_000_000
DAY = 86_400


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> MemorySeries:
    """One whose points cost nothing: only their times matter."""
    made = MemorySeries(lambda: 7)
    monkeypatch.setattr(made, "_point", lambda now: (now / SECOND, 10, 5, 7, 0.0))
    return made


def times(series: MemorySeries) -> list[float]:
    """Without the point of this moment."""
    return series._columns[0][: series._used].tolist()


@pytest.mark.parametrize("seconds", [30, 3600, DAY, 7 * DAY])
def test_an_hour_and_a_week_both_fit_and_are_even(series: MemorySeries, seconds: int) -> None:
    step = max(1, seconds // 20_000)
    for n in range(0, seconds, step):
        series.note(n * SECOND)
    clock = times(series)
    assert len(clock) <= MAX_POINTS
    assert clock == sorted(clock)
    assert clock[0] == 0
    assert clock[-1] >= seconds - series._interval / SECOND - step
    if seconds > MAX_POINTS:
        assert len(clock) > MAX_POINTS / 3
    gaps = [b - a for a, b in itertools.pairwise(clock)]
    assert max(gaps) - min(gaps) <= 2 * step


def test_bursts_are_thinned_before_what_is_rare(series: MemorySeries) -> None:
    """A point a minute through a night, then one each second: the night keeps its points."""
    night = [n * 60 for n in range(150)]
    morning = [night[-1] + n for n in range(1, 200)]
    for moment in night + morning:
        series.note(moment * SECOND)
    kept = times(series)
    assert len(set(kept) & set(night)) >= 70
    assert len(set(kept) & set(morning)) < 40


def test_nothing_is_added_before_it_is_due(series: MemorySeries) -> None:
    for n in range(1000):
        series.note(n * MIN_INTERVAL_NS // 1000)
    assert len(times(series)) == 1


def test_a_dear_point_is_asked_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    made = MemorySeries(lambda: 0)
    clock = itertools.count(0, 50_000_000)  # 50 ms of a processor each
    monkeypatch.setattr(memory_series.time, "thread_time_ns", lambda: next(clock))
    made.note(0)
    assert made._due == 50 * SECOND


def test_the_figures_are_those_of_the_process() -> None:
    collector.PAUSES.install()
    try:
        made = MemorySeries(lambda: 42)
        made.note()
        found = made.history()
    finally:
        collector.PAUSES.remove()
    assert len(found.clock) == len(found.resident) == len(found.python) == 2
    assert len(found.requests) == len(found.paused) == 2
    assert found.requests == [42, 42]
    assert found.resident[-1] > 1_000_000
    assert found.clock[0] < found.clock[1] <= time.monotonic()
    assert found.epoch + found.clock[1] == pytest.approx(time.time(), abs=5)
    assert found.paused[-1] is not None
    for value in found.python:
        assert value is None or 0 < value < found.resident[-1]


def test_pauses_are_unknown_where_nobody_listens() -> None:
    collector.PAUSES.remove()
    assert set(MemorySeries(lambda: 0).history().paused) == {None}


def test_it_rides_on_the_level_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request at which no reading is due does not even ask whether a point is."""
    asked: list[int] = []
    counter = RequestCounter()
    made = MemorySeries(lambda: sum(counter.read().values()))
    monkeypatch.setattr(made, "note", lambda now: asked.append(now))
    monkeypatch.setattr(level_history, "COSTS_BETWEEN_READINGS", 10_000_000)
    history = LevelHistory(counter, made)
    for _ in range(500):
        history.begin()
        counter.add("a")
        history.end()
    assert 1 <= len(asked) <= level_history.READINGS_PER_BURST


def test_without_the_core_it_is_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(level_history, "core", None)
    counter = RequestCounter()
    made = MemorySeries(lambda: 0)
    history = LevelHistory(counter, made)
    for _ in range(20):
        history.begin()
        history.end()
    assert made._used == 1
    assert history.readings().clock == []


def test_it_does_not_grow() -> None:
    result = alone("""
        import tracemalloc
        from flask_heapview.process.memory_series import MemorySeries
        made = MemorySeries(lambda: 1)
        def go(first, count):
            for n in range(first, first + count):
                made.note(n * 10**12)
        go(0, 500)
        tracemalloc.start()
        go(500, 500)
        say(grown=tracemalloc.get_traced_memory()[0], used=made._used)
    """)
    assert result["grown"] < 2000
    assert result["used"] <= MAX_POINTS


def test_threads_add_one_point_at_a_time(series: MemorySeries) -> None:
    def go() -> None:
        for n in range(3000):
            series.note(n * SECOND)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock = times(series)
    assert clock == sorted(clock)
    assert len(clock) <= MAX_POINTS


def test_what_is_left() -> None:
    container = Container(usage=300, limit=500, inactive_file=50)
    assert left_until_limit(container) == (250, "container")
    assert left_until_limit(Container(usage=600, limit=500)) == (0, "container")
    assert left_until_limit(Container(usage=300))[1] == "machine"
    assert left_until_limit(Container(usage=0, limit=1 << 59))[1] == "machine"
