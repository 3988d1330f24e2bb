"""Which endpoint makes the process grow, by readings between requests."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from flask_heapview.analysis.regression import explaining
from flask_heapview.analysis.steps import Steps
from flask_heapview.model.process import Readings

Columns = dict[str, list[float]]


def traffic(steps: int, *, seed: int, most: int = 8) -> Columns:
    """Requests of three endpoints in each step, their mix the same all the time."""
    chance = random.Random(seed)
    return {
        "a": [float(chance.randint(0, most)) for _ in range(steps)],
        "b": [float(chance.randint(0, most)) for _ in range(steps)],
        "seldom": [float(chance.random() < 0.1) for _ in range(steps)],
    }


def gained(requests: Columns, noise: float, seed: int, **leaks: float) -> list[float]:
    """What the steps gain, so many bytes for a request of each that leaks, and some noise."""
    chance = random.Random(seed)
    return [
        sum(leak * requests[name][n] for name, leak in leaks.items()) + chance.gauss(0, noise)
        for n in range(len(requests["a"]))
    ]


@pytest.mark.parametrize("leak", ["a", "b", "seldom"])
def test_the_endpoint_that_leaks(leak: str) -> None:
    for seed in range(20):
        requests = traffic(200, seed=seed)
        (found,) = explaining(requests, gained(requests, 1000, seed, **{leak: 9000}))
        assert found.endpoint == leak
        assert abs(found.per_request - 9000) < 5 * found.error
        assert found.bytes == pytest.approx(9000 * sum(requests[leak]), rel=0.2)


def test_two_that_leak() -> None:
    requests = traffic(300, seed=1)
    first, second = explaining(requests, gained(requests, 1000, 1, a=9000, b=3000))
    assert (first.endpoint, second.endpoint) == ("a", "b")
    assert first.per_request == pytest.approx(9000, rel=0.1)
    assert second.per_request == pytest.approx(3000, rel=0.1)


def test_an_exact_fit_leaves_nothing_to_explain() -> None:
    requests = traffic(200, seed=4)
    (found,) = explaining(requests, gained(requests, 0, 4, a=102_400))
    assert (found.endpoint, round(found.per_request)) == ("a", 102_400)


def test_a_table_that_doubles_is_not_taken_for_a_rate() -> None:
    requests = traffic(200, seed=2)
    grown = gained(requests, 500, 2, a=2000)
    step = next(n for n in range(50, 200) if requests["b"][n] > 6 and requests["a"][n] == 0)
    grown[step] += 0.9 * sum(grown)
    assert [one.endpoint for one in explaining(requests, grown)] == ["a"]


def twins(requests: Columns) -> tuple[Columns, list[float]]:
    together = {"a": requests["a"], "b": list(requests["a"])}
    return together, gained(requests, 100, 3, a=5000)


def few(requests: Columns) -> tuple[Columns, list[float]]:
    short = {name: column[:8] for name, column in requests.items()}
    return short, gained(requests, 100, 3, a=5000)[:8]


def noise(requests: Columns) -> tuple[Columns, list[float]]:
    return requests, gained(requests, 5000, 3, a=100)


def elsewhere(requests: Columns) -> tuple[Columns, list[float]]:
    """It grows with the time, not with any request."""
    return requests, [5000.0 for _ in requests["a"]]


def shrinking(requests: Columns) -> tuple[Columns, list[float]]:
    return requests, gained(requests, 100, 3, a=-5000)


@pytest.mark.parametrize("case", [twins, few, noise, shrinking])
def test_what_cannot_be_told_is_not_told(
    case: Callable[[Columns], tuple[Columns, list[float]]],
) -> None:
    assert explaining(*case(traffic(200, seed=3))) == []


def test_no_endpoint_is_blamed_for_noise() -> None:
    """A random walk, without any leak: chance must not look like an endpoint."""
    blamed = 0
    for seed in range(300):
        requests = traffic(100, seed=seed)
        blamed += bool(explaining(requests, gained(requests, 4000, seed)))
    assert blamed <= 3


def levels(*malloc: int) -> Readings:
    """A reading every second, with ten requests between two."""
    return Readings(
        clock=[float(n) for n in range(len(malloc))],
        malloc=list(malloc),
        requests={"a": [10 * n for n in range(len(malloc))]},
    )


def test_one_interval_in_slices() -> None:
    steadily = levels(*(1000 * n for n in range(41)))
    assert Steps(steadily, 0, 40).growth("malloc").intervals == 4
    assert Steps(steadily, 0, 40).growth("malloc").confidence >= 0.9
    filling = levels(*(min(1000 * n, 25_000) for n in range(41)))
    assert not Steps(filling, 0, 40).growth("malloc").grows
    assert not Steps(steadily, 0, 10).growth("malloc").grows  # too few readings
    assert not Steps(Readings(), 0, 40).growth("malloc").grows


def test_only_the_steps_between_two_moments() -> None:
    readings = Readings(
        clock=[1.0, 2.0, 3.0, 4.0, 5.0],
        malloc=[0, 10, 30, 60, 100],
        requests={"a": [1, 2, 4, 8, 16]},
    )
    steps = Steps(readings, 2.0, 4.5)
    assert steps.gained("malloc") == [20, 30]
    assert steps.requests() == {"a": [2, 4]}
    assert Steps(readings, 6.0, 9.0).gained("malloc") == []
