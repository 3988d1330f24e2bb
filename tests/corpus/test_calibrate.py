"""The figures of the verdict's confidence, fitted to growth whose truth is known."""

from __future__ import annotations

import math
import random

import pytest

from flask_heapview.analysis.growth_curves import Rate
from flask_heapview.analysis.series import measure_growth

from .calibrate import Row, fit_scatter, leak_shares


def scattered(chance: random.Random, error: float) -> tuple[Rate, ...]:
    """Three rates that scatter so much."""
    return tuple(Rate(100, 10_000 * math.exp(chance.gauss(0, error)), 0) for _ in range(3))


def test_the_scatter_is_found() -> None:
    chance = random.Random(2)
    found = fit_scatter([scattered(chance, 0.2) for _ in range(50)])
    assert found == pytest.approx(0.2, rel=0.2)


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
    doubted = Row(growth, growth.confidence / 2, True)  # by something else
    rows = [Row(growth, growth.confidence, right) for right in (True, True, False)]
    assert {k: n for k, n in leak_shares([*rows, doubted]).items() if n != (0, 0)} == {kind: (3, 2)}
