"""Growth along the requests: what counts as one, and how sure it is."""

from __future__ import annotations

import pytest

from flask_heapview.analysis.series import NO_GROWTH, measure_growth


def test_a_straight_line_is_a_leak() -> None:
    found = measure_growth([100, 200, 300], [100, 200, 300], 10)
    assert found.steady
    assert found.since_start
    assert found.confidence >= 0.9
    assert found.per_request == 1.0


def test_a_line_that_began_late() -> None:
    found = measure_growth([1000, 1100, 1200], [5, 105, 205], 10)
    assert (found.confidence >= 0.85, found.since_start) == (True, False)


@pytest.mark.parametrize(
    "values",
    [
        [0, 100, 100],  # a cache that has filled up
        [0, 100, 60],  # a queue that drains
        [100, 50, 120],  # a sawtooth
        [0, 3, 6],  # too little
        [5, 5, 5],
    ],
)
def test_what_levels_off_or_comes_back_is_none(values: list[float]) -> None:
    assert measure_growth([0, 100, 200], values, 10) == NO_GROWTH


def test_slowing_down_is_doubtful() -> None:
    assert measure_growth([0, 100, 200], [0, 100, 110], 10).confidence < 0.5


@pytest.mark.parametrize(
    ("values", "steady"),
    [
        ([15, 165, 250], False),  # the last interval brought little more than half: it fills up
        ([15, 165, 290], True),
        ([0, 60, 105], True),  # so few that it may be chance
        ([0, 10, 16], False),  # or come and go
        ([0, 85, 235], True),  # faster is no sign of an end
        ([0, 150, 300, 360], False),
    ],
)
def test_what_slows_down_is_not_steady(values: list[float], steady: bool) -> None:
    requests = [100 * n for n in range(len(values))]
    found = measure_growth(requests, values, 5)
    assert found.steady is steady
    assert (found.confidence >= 0.5) is steady


def test_one_interval_is_doubtful_unless_it_fits_the_start() -> None:
    assert measure_growth([1000, 1100], [3, 103], 10).confidence < 0.5
    assert measure_growth([100, 200], [100, 200], 10).confidence > 0.5


def test_few_requests_and_none() -> None:
    assert measure_growth([0, 4, 8], [0, 40, 80], 10).confidence == 0.4
    assert measure_growth([5, 5, 5], [0, 40, 80], 10) == NO_GROWTH
    assert measure_growth([5], [1], 1) == NO_GROWTH
    assert measure_growth([], [], 1) == NO_GROWTH


def test_an_interval_without_requests_is_passed_over() -> None:
    assert measure_growth([100, 100, 200, 300], [9, 50, 150, 250], 10).intervals == 2


def test_lumps() -> None:
    lumpy = [0, 110, 450]
    assert measure_growth([0, 100, 200], lumpy, 1).confidence < 0.5
    assert 0.6 < measure_growth([0, 100, 200], lumpy, 1, lumpy=True).confidence < 0.9
    step = [0, 1000, 100_000]  # one large request in the second interval
    assert measure_growth([0, 100, 200], step, 1, lumpy=True).confidence < 0.5
