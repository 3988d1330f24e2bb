"""Which curve rates lie on."""

from __future__ import annotations

import math
import random

import pytest

from flask_heapview.analysis.calibration import PRIORS, calibration
from flask_heapview.analysis.growth_curves import (
    CURVES,
    Rate,
    likelihoods,
    rates_of,
    wandering_likelihood,
)
from flask_heapview.analysis.series import measure_growth

EVEN = [(0.1, 1.0)]


def likeliest(values: list[float], noise: float = 0.0) -> str:
    requests = [100.0 * n for n in range(len(values))]
    found = likelihoods(rates_of(requests, values, noise), EVEN)
    return max(CURVES, key=lambda curve: found[curve])


@pytest.mark.parametrize(
    ("values", "curve"),
    [
        ([0, 1000, 2000], "level"),
        ([0, 1000, 2100, 3050, 4000], "level"),
        ([0, 1000, 2000, 2300], "filling"),  # a limit was met
        ([0, 1000, 1600, 1900, 2050], "filling"),
        ([0, 1000, 2400, 4200], "rising"),
        ([0, 1000, 1010, 1020], "at-once"),
        ([0, 10, 1000], "at-once"),
    ],
)
def test_each_curve_is_known_by_its_rates(values: list[float], curve: str) -> None:
    assert likeliest(values) == curve


def test_few_tell_little_and_many_tell_much() -> None:
    few, many = (
        likelihoods(rates_of([0, 100, 200], [0, n, 1.6 * n], 0), EVEN) for n in (10.0, 10_000.0)
    )
    assert few["level"] > few["filling"] / 2
    assert many["level"] < many["filling"] / 5


def test_the_error_of_a_reading_counts() -> None:
    values = [0.0, 10_000.0, 16_000.0]
    assert likeliest(values) == "filling"
    assert likeliest(values, noise=4000) == "level"


def test_one_interval_lies_on_any_curve() -> None:
    assert set(likelihoods([Rate(100, 50, 7)], EVEN).values()) == {1.0}


def test_each_likelihood_is_a_density_of_what_differs() -> None:
    """Of two intervals only the ratio of the rates counts: over all ratios, it comes to 1."""
    step = 0.02
    found = dict.fromkeys(CURVES, 0.0)
    for n in range(-500, 501):
        pair = [Rate(100, 1000, 0), Rate(100, 1000 * math.exp(step * n), 0)]
        for curve, density in likelihoods(pair, EVEN).items():
            found[curve] += step * density
    assert found == pytest.approx(dict.fromkeys(CURVES, 1.0), abs=0.02)


def test_what_comes_and_goes_grows_each_time_once_in_four() -> None:
    """Twice in a row; over all ratios, its density comes to that."""
    step = 0.02
    pairs = ([Rate(9, 100, 0), Rate(9, 100 * math.exp(step * n), 0)] for n in range(-500, 501))
    assert sum(step * wandering_likelihood(pair) for pair in pairs) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("gains", "leaks"),
    [
        ((5, 5), False),  # weak registries of real applications do this
        ((3, 10), False),
        ((4, 5, 4, 5, 4), True),  # it grew each time
        ((50, 50), True),
    ],
)
def test_few_entries_may_come_and_go(gains: tuple[int, ...], leaks: bool) -> None:
    values = [700.0 + sum(gains[:n]) for n in range(len(gains) + 1)]
    requests = [1000.0 + 240 * n for n in range(len(values))]
    assert (measure_growth(requests, values, 5).confidence >= 0.5) is leaks


def test_the_rate_itself_and_the_unit_tell_nothing() -> None:
    small, large = (
        likelihoods([Rate(100, 70 * k, 9 * k), Rate(50, 40 * k, 9 * k)], EVEN) for k in (1, 1000)
    )
    assert small == pytest.approx(large)


def test_a_steady_leak_is_told_whatever_chance_does() -> None:
    """Of leaks of a hundred entries an interval, one in ten at most looks like something else."""
    chance, missed = random.Random(3), 0
    for _ in range(300):
        counts = [sum(chance.random() < 0.5 for _ in range(200)) for _ in range(3)]
        values = [float(sum(counts[:n])) for n in range(4)]
        missed += likeliest(values) != "level"
    assert missed <= 0.1 * 300


def test_the_figures_are_probabilities() -> None:
    assert set(PRIORS) == set(CURVES)
    assert sum(PRIORS.values()) == pytest.approx(1.0)
    shares = calibration().leaks
    assert 0 < shares["ending"] < shares["lasting"] < 1
    assert 0 < shares["one"] < 0.5 < shares["one-since-start"] < 1
