"""The collector on a time axis: each run is in its slice, and what is not known is not drawn."""

from __future__ import annotations

import pytest

from flask_heapview.model.gc import RecentCollections
from flask_heapview.views.timeline import SLICES, timeline


def recent(*runs: tuple[float, int, float], forgotten: tuple[int, ...] = ()) -> RecentCollections:
    before, generation, pause = zip(*runs, strict=True)
    tens = [10] * len(runs)
    return RecentCollections(
        list(before), list(generation), list(pause), tens, tens, list(forgotten)
    )


def test_runs_stand_where_they_were() -> None:
    found = timeline(recent((100.0, 0, 0.001), (50.0, 2, 0.2), (25.0, 0, 0.1), (0.0, 0, 0.05)))
    assert found is not None
    young, middle, old = found.lanes
    assert [(bar.left, round(bar.height, 3)) for bar in young.bars] == [
        (0.0, 0.005),
        (0.75, 0.5),
        (1 - 1 / SLICES, 0.25),
    ]
    assert [(bar.left, bar.height, bar.before) for bar in old.bars] == [(0.5, 1.0, 50.0)]
    assert middle.bars == []
    assert (young.count, young.collected, young.longest) == (3, 30, 0.1)
    assert found.longest == 0.2
    assert found.ticks == [(0.7, "−30 s"), (0.4, "−1 min"), (pytest.approx(0.1), "−1.5 min")]


def test_runs_of_one_slice_are_one_bar() -> None:
    found = timeline(recent((100.0, 0, 0.1), *((0.1, 0, 0.001 * n) for n in range(1, 6))))
    assert found is not None
    assert [(bar.count, bar.collected, bar.longest) for bar in found.lanes[0].bars] == [
        (1, 10, 0.1),
        (5, 50, 0.005),
    ]


def test_where_earlier_runs_are_not_known() -> None:
    runs = ((100.0, 2, 0.1), (10.0, 0, 0.001), (5.0, 0, 0.001))
    found = timeline(recent(*runs, forgotten=(30, 0, 0)))
    assert found is not None
    assert [round(lane.unknown, 2) for lane in found.lanes] == [0.9, 0, 0]


@pytest.mark.parametrize("span", [0.001, 0.7, 3, 59, 61, 700, 5000, 90_000, 10_000_000])
def test_ticks_are_few_and_on_the_axis(span: float) -> None:
    found = timeline(recent((span, 0, 0.0)))
    assert found is not None
    assert 1 <= len(found.ticks) <= 4
    assert all(0 <= left < 1 for left, _ in found.ticks)


@pytest.mark.parametrize(
    ("span", "texts"),
    [
        (59.0, ["−15 s", "−30 s", "−45 s"]),
        (90_000.0, ["−12 h", "−24 h"]),
        (10_000_000.0, ["−30 d", "−60 d", "−90 d"]),
        (1e9, ["−2910 d", "−5820 d", "−8730 d"]),
    ],
)
def test_ticks_are_round_times(span: float, texts: list[str]) -> None:
    found = timeline(recent((span, 0, 0.0)))
    assert found is not None
    assert [text for _, text in found.ticks] == texts


def test_nothing_recorded_is_no_picture() -> None:
    assert timeline(RecentCollections()) is None
