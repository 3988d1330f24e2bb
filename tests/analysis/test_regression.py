"""Which endpoint makes the process grow, by readings of its levels."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from flask_heapview.analysis.growth_by_endpoint import explain
from flask_heapview.analysis.level_steps import LevelSteps
from flask_heapview.analysis.regression import explain_by_lumps, explain_by_rate
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
        (found,) = explain_by_rate(requests, gained(requests, 1000, seed, **{leak: 9000}))
        assert found.endpoint == leak
        assert abs(found.per_request - 9000) < 5 * found.error
        assert found.bytes == pytest.approx(9000 * sum(requests[leak]), rel=0.2)


def test_two_that_leak() -> None:
    requests = traffic(300, seed=1)
    first, second = explain_by_rate(requests, gained(requests, 1000, 1, a=9000, b=3000))
    assert (first.endpoint, second.endpoint) == ("a", "b")
    assert first.per_request == pytest.approx(9000, rel=0.1)
    assert second.per_request == pytest.approx(3000, rel=0.1)


def test_what_comes_all_at_once_has_no_rate() -> None:
    """One step has all of it, and is left out as a one-off: nothing is left to fit."""
    requests = traffic(100, seed=2)
    assert explain_by_rate(requests, [0.0] * 99 + [5e6]) == []


def test_an_exact_fit_leaves_nothing_to_explain() -> None:
    requests = traffic(200, seed=4)
    (found,) = explain_by_rate(requests, gained(requests, 0, 4, a=102_400))
    assert (found.endpoint, round(found.per_request)) == ("a", 102_400)


def test_a_table_that_doubles_is_not_taken_for_a_rate() -> None:
    requests = traffic(200, seed=2)
    grown = gained(requests, 500, 2, a=2000)
    step = next(n for n in range(50, 200) if requests["b"][n] > 6 and requests["a"][n] == 0)
    grown[step] += 0.9 * sum(grown)
    assert [one.endpoint for one in explain_by_rate(requests, grown)] == ["a"]


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
    assert explain_by_rate(*case(traffic(200, seed=3))) == []


def test_no_endpoint_is_blamed_for_noise() -> None:
    """A random walk, without any leak: chance must not look like an endpoint."""
    blamed = 0
    for seed in range(300):
        requests = traffic(100, seed=seed)
        blamed += bool(explain_by_rate(requests, gained(requests, 4000, seed)))
    assert blamed <= 3


def lumps(seed: int, guilty: str) -> tuple[Columns, list[float]]:
    """A table that doubles and a pool that takes blocks: most requests leave nothing, some much.
    The other endpoint takes memory and gives it back."""
    chance = random.Random(seed)
    requests: Columns = {"a": [], "b": []}
    grown = []
    for n in range(120):
        alone = n % 6 != 5
        row = {"a": float(n % 2 == 0), "b": float(n % 2 == 1)} if alone else {"a": 20.0, "b": 20.0}
        for name, count in row.items():
            requests[name].append(count)
        lump = chance.choice([0, 0, 0, 60_000, 250_000, 16_000]) if row[guilty] else 0
        grown.append(float(lump + chance.gauss(0, 500)) + (4_000_000 if n in (41, 83) else 0))
    return requests, grown


@pytest.mark.parametrize("guilty", ["a", "b"])
def test_growth_in_lumps_is_laid_to_those_whose_single_requests_leave_something(
    guilty: str,
) -> None:
    named = []
    for seed in range(20):
        requests, grown = lumps(seed, guilty)
        assert explain_by_rate(requests, grown) == []
        named += [one.endpoint for one in explain_by_lumps(requests, grown)]
    assert len(named) >= 18
    assert set(named) == {guilty}


def test_no_endpoint_is_blamed_for_chance_lumps() -> None:
    blamed = 0
    for seed in range(300):
        requests, _ = lumps(seed, "a")
        chance = random.Random(1000 + seed)
        grown = [chance.gauss(200, 4000) for _ in requests["a"]]
        blamed += bool(explain_by_lumps(requests, grown))
    assert blamed <= 3


def test_nobody_is_named_for_lumps_that_come_with_all() -> None:
    requests, grown = lumps(1, "a")
    both = [one + other for one, other in zip(grown, lumps(2, "b")[1], strict=True)]
    assert explain_by_lumps(requests, both) == []
    assert explain_by_lumps(requests, [-one for one in grown]) == []
    assert explain_by_lumps({"a": [20.0] * 30, "b": [20.0] * 30}, [5000.0] * 30) == []
    assert explain_by_lumps({}, []) == []


def levels(*malloc: int) -> Readings:
    """A reading every second, with ten requests between two."""
    return Readings(
        clock=[float(n) for n in range(len(malloc))],
        malloc=list(malloc),
        requests={"a": [10 * n for n in range(len(malloc))]},
    )


def test_one_interval_in_slices() -> None:
    steadily = levels(*(1000 * n for n in range(41)))
    assert LevelSteps(steadily, 0, 40).growth("malloc").intervals == 4
    assert LevelSteps(steadily, 0, 40).growth("malloc").confidence >= 0.9
    filling = levels(*(min(1000 * n, 25_000) for n in range(41)))
    assert not LevelSteps(filling, 0, 40).growth("malloc").grows
    assert not LevelSteps(steadily, 0, 10).growth("malloc").grows  # too few readings
    assert not LevelSteps(Readings(), 0, 40).growth("malloc").grows


def test_only_the_steps_between_two_moments() -> None:
    readings = Readings(
        clock=[1.0, 2.0, 3.0, 4.0, 5.0],
        malloc=[0, 10, 30, 60, 100],
        requests={"a": [1, 2, 4, 8, 16]},
    )
    steps = LevelSteps(readings, 2.0, 4.5)
    assert steps.gained("malloc") == [20, 30]
    assert steps.requests() == {"a": [2, 4]}
    assert LevelSteps(readings, 6.0, 9.0).gained("malloc") == []


def busy(leak: int, readings: int = 200, need: int = 80_000, seed: int = 3) -> Readings:
    """Two endpoints, a few requests of which are always under way: each needs memory for a while,
    and one of "a" leaves some behind."""
    chance = random.Random(seed)
    requests: dict[str, list[int]] = {"a": [0], "b": [0]}
    for _ in range(readings - 1):
        for column in requests.values():
            column.append(column[-1] + chance.randint(0, 30))
    serving = [chance.randint(1, 8) for _ in range(readings)]
    return Readings(
        clock=[float(n) for n in range(readings)],
        serving=serving,
        malloc=[leak * a + need * n for a, n in zip(requests["a"], serving, strict=True)],
        requests=requests,
    )


@pytest.mark.parametrize("seed", range(10))
def test_a_worker_that_is_never_idle_is_read_all_the_same(seed: int) -> None:
    steps = LevelSteps(busy(5000, seed=seed), 0, 200)
    (found,) = explain(steps, "malloc")
    assert found.endpoint == "a"
    assert abs(found.per_request - 5000) < 5 * found.error


@pytest.mark.parametrize("seed", range(10))
def test_what_requests_need_for_a_while_is_no_growth_of_an_endpoint(seed: int) -> None:
    steps = LevelSteps(busy(0, seed=seed), 0, 200)
    assert explain(steps, "malloc") == []


def test_moments_without_a_request_are_better_than_means() -> None:
    readings = busy(5000)
    serving = [n % 2 for n in range(200)]
    quiet = LevelSteps(msgspec.structs.replace(readings, serving=serving), 0, 200)
    assert len(quiet.gained("malloc")) == 99
