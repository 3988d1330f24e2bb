"""When the limit is hit: said where growth is sure and goes on, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from flask_heapview.analysis.forecast import forecast
from flask_heapview.model.history import Forecast, History

MB = 1_000_000
POINTS, STEP = 200, 10  # seconds


def found(
    levels: Sequence[float], left: float | None = 500 * MB, step: float = STEP
) -> Forecast | None:
    clock = [1000 + n * step for n in range(len(levels))]
    rest = None if left is None else int(left)
    return forecast(History(clock=clock, resident=[int(x) for x in levels], left=rest))


def of(shape: Callable[[int], float], **how: float) -> Forecast | None:
    return found([100 * MB + MB * shape(n) for n in range(POINTS)], **how)


def noise(size: float, seed: int = 1) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: chance.gauss(0, size)


def test_an_even_leak() -> None:
    one = of(lambda n: n)
    assert one is not None
    assert one.bytes_per_second == pytest.approx(MB / STEP)
    assert one.seconds == pytest.approx(5000)
    assert one.soonest == pytest.approx(5000, rel=0.01)
    assert one.latest == pytest.approx(5000, rel=0.01)
    assert one.over_seconds == (POINTS - 1) * STEP


def test_a_noisy_leak_has_a_range() -> None:
    wobble = noise(5)
    one = of(lambda n: n + wobble())
    assert one is not None
    assert one.soonest < one.seconds < one.latest
    assert one.soonest < 5000 < one.latest
    assert one.margin > 0


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda n: n * 0, id="flat"),
        pytest.param(lambda n: -n, id="shrinks"),
        pytest.param(lambda n: n % 20 * 3, id="fills and empties"),
        pytest.param(lambda n: min(n, 100), id="has ended"),
        pytest.param(lambda n: 100 * (1 - 0.97**n), id="levels off"),
        pytest.param(lambda n: 50 * (n > 100), id="one step"),
    ],
)
def test_nothing_is_said_of_what_does_not_go_on(shape: Callable[[int], float]) -> None:
    assert of(shape) is None


def test_growth_that_began_late_has_its_own_rate() -> None:
    wobble = noise(0.3)
    one = of(lambda n: max(0, n - 150) * 3 + wobble())
    assert one is not None
    assert one.bytes_per_second == pytest.approx(3 * MB / STEP, rel=0.1)
    assert one.over_seconds < POINTS * STEP / 2


def test_a_walk_without_a_drift_is_seldom_taken_for_growth() -> None:
    said = 0
    for seed in range(200):
        step, level, levels = noise(1, seed), 100.0, []
        for _ in range(POINTS):
            level += step()
            levels.append(level * MB)
        said += found(levels, 20 * MB) is not None
    assert said <= 12


def test_the_range_holds_for_a_walk_with_a_drift() -> None:
    right = asked = 0
    for seed in range(100):
        step, level, levels = noise(2, seed), 100.0, []
        for _ in range(POINTS):
            level += 0.5 + step()
            levels.append(level * MB)
        one = found(levels, 100 * MB)
        if one is None:
            continue
        asked, above, seconds = asked + 1, 0.0, 0
        while above < 100:
            above, seconds = above + 0.5 + step(), seconds + STEP
        right += one.soonest <= seconds <= one.latest
    assert asked > 50
    assert right >= 0.95 * asked


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert found([100 * MB + n * MB for n in range(POINTS)], None) is None
    assert found([100 * MB + n * MB for n in range(8)], step=100) is None
    assert found([100 * MB]) is None
    assert of(lambda n: n, step=0.1) is None  # it warms up
    assert of(lambda n: n, left=1e15) is None  # too far ahead


def test_nothing_is_left() -> None:
    one = of(lambda n: n, left=0)
    assert one is not None
    assert (one.soonest, one.seconds, one.latest) == (0, 0, 0)
