"""A worker's memory as a picture: its paths say the figures, and the snapshots are on it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_heapview.model.history import History
from flask_heapview.model.snapshot import SnapshotInfo
from flask_heapview.views.history import BOX, HistoryChart, history_chart

MB = 1_000_000
MIDNIGHT = 1_796_083_200  # 2026-12-01, 00:00 UTC


def made(seconds: float = 3600, count: int = 61, **more: Any) -> History:
    """Grows from 100 MB to 200 MB, at 10 requests a second."""
    clock = [1000 + seconds * n / (count - 1) for n in range(count)]
    figures: dict[str, Any] = {
        "worker": "7-a",
        "epoch": MIDNIGHT - 1000,
        "clock": clock,
        "resident": [(100 + 100 * n // (count - 1)) * MB for n in range(count)],
        "python": [50 * MB] * count,
        "requests": [round(10 * (at - 1000)) for at in clock],
        "paused": [None] * count,
    }
    return History(**{**figures, **more})


def chart(history: History, *snapshots: SnapshotInfo) -> HistoryChart:
    found = history_chart(history, snapshots)
    assert found is not None
    return found


def points(path: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+),(-?\d+)", path)]


def taken(at: float, worker: str = "7-a", state: Any = "done", label: str = "") -> SnapshotInfo:
    return SnapshotInfo(f"s{at}", state, worker, "2026-12-01T00:00:00Z", clock=at, label=label)


def test_the_line_has_a_point_for_each_row() -> None:
    found = chart(made())
    line = points(found.resident)
    assert len(line) == 61
    assert (line[0][0], line[-1][0]) == (0, BOX)
    heights = [BOX - y for _, y in line]
    assert heights == sorted(heights)
    assert heights[-1] == pytest.approx(2 * heights[0], abs=2)
    assert points(found.below)[1:-1] == line
    python = points(found.python)
    for _, y in python[1:-1]:
        assert BOX - y == pytest.approx(heights[0] / 2, abs=1)
    assert (found.first, found.last, found.highest) == (100 * MB, 200 * MB, 200 * MB)


def test_the_axes_have_whole_figures() -> None:
    found = chart(made())
    assert [tick.text for tick in found.times] == ["00:15", "00:30", "00:45"]
    assert [tick.at for tick in found.times] == [0.25, 0.5, 0.75]
    assert [tick.size for tick in found.sizes] == [100 * MB, 200 * MB]
    line = [y for _, y in points(found.resident)]
    for tick, y in zip(found.sizes, (line[0], line[-1]), strict=True):
        assert BOX * tick.at == pytest.approx(y, abs=1)


@pytest.mark.parametrize("seconds", [6, 45, 300, 5000, 86_400, 604_800, 20_000_000])
def test_few_times_in_order_on_any_span(seconds: float) -> None:
    found = chart(made(seconds))
    places = [tick.at for tick in found.times]
    assert 1 <= len(places) <= 6
    assert places == sorted(places)
    assert len({tick.text for tick in found.times}) == len(places)
    assert all(0 < place < 1 for place in places)


def test_snapshots_are_on_the_line() -> None:
    found = chart(
        made(),
        taken(2800, label="late"),
        taken(1900),
        taken(500),  # before the series
        taken(1900, worker="8-b"),
        taken(2000, state="failed"),
    )
    assert [(mark.id, mark.label) for mark in found.marks] == [
        ("s1900", "s1900"),
        ("s2800", "late"),
    ]
    assert [mark.at for mark in found.marks] == [0.25, 0.5]
    assert [mark.size for mark in found.marks] == [125 * MB, 150 * MB]
    line = dict(points(found.resident))
    for mark in found.marks:
        assert round(mark.top * BOX) == pytest.approx(line[round(mark.at * BOX)], abs=1)


def test_the_limit_is_drawn_where_it_is_near() -> None:
    near = made(bound="container", left=100 * MB, limit=512 * MB)
    found = chart(near)
    assert found.limit is not None
    assert 0 < found.limit < min(y for _, y in points(found.resident)) / BOX
    assert chart(made(bound="container", left=900 * MB, limit=2000 * MB)).limit is None
    assert chart(made(bound="machine", left=10 * MB)).limit is None


def test_rates() -> None:
    found = chart(made(paused=[None] * 21 + [0.01 * n for n in range(40)]))
    assert (found.requests.now, found.requests.most) == (pytest.approx(10), pytest.approx(10))
    assert found.requests.path.startswith(f"M0,{BOX}V0H")
    assert found.pauses is not None
    assert found.pauses.most == pytest.approx(0.01 / 60)
    assert found.pauses.path.startswith(f"M350,{BOX}")
    assert chart(made()).pauses is None


def test_a_moment_close_to_the_last_point_makes_no_peak() -> None:
    history = made()
    clock = [*history.clock, history.clock[-1] + 0.001]
    found = chart(
        made(
            clock=clock,
            resident=[*history.resident, 200 * MB],
            python=[*history.python, None],
            requests=[*history.requests, history.requests[-1] + 1],
            paused=[*history.paused, None],
        )
    )
    assert found.requests.most < 11


def test_what_is_not_known_is_a_gap() -> None:
    some: list[int | None] = [MB] * 61
    some[20:40] = [None] * 20
    assert chart(made(python=some)).python.count("M") == 2
    assert chart(made(python=[None] * 61)).python == ""


def test_nothing_to_see_yet() -> None:
    assert history_chart(History(), []) is None
    assert history_chart(made(1.0), []) is None
    assert history_chart(made(0.0), []) is None
