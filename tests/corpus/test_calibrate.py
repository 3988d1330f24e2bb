"""The figures of the verdict's confidence, fitted to growth whose truth is known."""

from __future__ import annotations

import math
import random

import pytest

from flask_heapview.analysis.growth_curves import Rate, likelihoods
from flask_heapview.analysis.series import measure_growth

from .calibrate import Row, fit_even, fit_lumpy, leak_shares, shares_of
from .judge import Case


def scattered(chance: random.Random, error: float, last: float = 1.0) -> tuple[Rate, ...]:
    """Three rates that scatter so much; the last is so much less."""
    return tuple(
        Rate(100, 10_000 * part * math.exp(chance.gauss(0, error)), 0) for part in (1, 1, last)
    )


def test_the_shares_of_the_curves_are_found() -> None:
    chance = random.Random(1)
    rates = [scattered(chance, 0.1) for _ in range(80)]
    rates += [scattered(chance, 0.1, last=0.3) for _ in range(20)]
    shares = shares_of([likelihoods(one, [(0.1, 1.0)]) for one in rates])
    assert shares["level"] == pytest.approx(0.8, abs=0.06)
    assert shares["filling"] == pytest.approx(0.2, abs=0.06)


def test_the_scatter_is_found() -> None:
    chance = random.Random(2)
    even, shares = fit_even([scattered(chance, 0.2) for _ in range(50)])
    assert even == pytest.approx(0.2, rel=0.2)
    lumps = [scattered(chance, 0.8) for _ in range(30)]
    lumps += [scattered(chance, 0.2) for _ in range(20)]
    uneven, share = fit_lumpy(lumps, even, shares)
    assert uneven == pytest.approx(0.8, rel=0.25)
    assert share == pytest.approx(0.6, abs=0.2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([100, 200, 300], "lasting-since-start"),
        ([5, 105, 205], "lasting"),
        ([5, 105, 107], "ending"),
        ([100, 200], "one-since-start"),
        ([5, 105], "one"),
    ],
)
def test_leaks_are_counted_by_the_kind_of_growth(values: list[float], kind: str) -> None:
    growth = measure_growth([100 * n for n in range(1, 1 + len(values))], values, 10)
    doubted = Row(Case("other"), growth, growth.confidence / 2, True)  # by something else
    rows = [Row(Case("one"), growth, growth.confidence, right) for right in (True, True, False)]
    assert {k: n for k, n in leak_shares([*rows, doubted]).items() if n != (0, 0)} == {kind: (3, 2)}
