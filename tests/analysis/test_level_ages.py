"""Chance, and what is no chance."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from flask_heapview.analysis.level_ages import (
    MIN_SAMPLES,
    confidence_by_age,
    early_error,
    is_level,
)
from flask_heapview.model.births import BINS, NodeAges

SHARES = [0.25, 0.5, 0.75, 1.0]


def ages(counts: list[int], each: int = 1000) -> NodeAges:
    return NodeAges(1, tuple(n * each for n in counts), tuple(counts))


def poisson(dice: random.Random, mean: float) -> int:
    """Knuth, TAOCP 2, 3.4.1."""
    count, product, least = 0, dice.random(), math.exp(-mean)
    while product > least:
        count, product = count + 1, product * dice.random()
    return count


@pytest.mark.parametrize("total", [30, 60, 200, 1000])
def test_a_level_past_is_found_level(total: int) -> None:
    dice = random.Random(total)
    found = [
        is_level(ages([poisson(dice, total / BINS) for _ in range(BINS)]), SHARES)
        for _ in range(300)
    ]
    assert sum(found) >= 0.75 * 300


@pytest.mark.parametrize("total", [60, 200, 1000])
def test_a_cache_that_fills_is_not(total: int) -> None:
    """Half of what was missing comes in each quarter."""
    dice = random.Random(total)
    shape = [0.5 ** (n / 4) for n in range(BINS)]
    scale = total / sum(shape)
    found = [is_level(ages([poisson(dice, scale * s) for s in shape]), SHARES) for _ in range(300)]
    assert sum(found) <= 0.25 * 300


def test_too_few_samples_tell_nothing() -> None:
    assert not is_level(ages([1] * (MIN_SAMPLES - 1 - BINS) + [1] * BINS), SHARES)
    assert is_level(ages([2] * BINS), SHARES)


def test_a_part_without_any_is_not_level() -> None:
    assert not is_level(ages([3] * 8 + [0] * 4 + [3] * 4), SHARES)


def test_the_error_of_the_first_part() -> None:
    assert early_error(ages([1] * BINS), 0.25) == 0.75
    assert early_error(ages([100] * BINS), 0.25) == 0.075
    assert early_error(ages([0] * BINS), 0.25) == 0.0


@pytest.mark.parametrize(
    ("size", "samples", "begin", "most"),
    [
        ((9,) * BINS, 4, 0.0, 1.0),
        ((9,) * BINS, 4, 0.5, 1.0),
        ((0,) * 14 + (90, 900), 4, 0.0, 0.0),
        ((0,) * 14 + (90, 900), 4, 0.5, 0.0),
        ((0,) * 14 + (90, 900), 2, 0.5, 0.4),  # sixteen samples may all be late by chance
        ((900,) * 8 + (0,) * 7 + (900,), 4, 0.5, 0.0),  # what is old is no part of the growth
        ((900,) * 8 + (9,) * 8, 4, 0.5, 1.0),
        ((0,) * 15 + (900,), 4, 0.9, 1.0),  # two bins have no halves
    ],
)
def test_what_is_being_worked_on_is_young(
    size: tuple[int, ...], samples: int, begin: float, most: float
) -> None:
    assert confidence_by_age(size, (samples,) * BINS, begin) == most


def test_a_leak_is_never_taken_for_young_by_chance() -> None:
    """A few may be doubted, next to none is denied."""
    chance = random.Random(7)
    said = Counter(confidence_by_age(*_leaking(chance), 1 / 3) for _ in range(2000))
    assert said[0.0] < 5
    assert said[0.4] < 20


def _leaking(chance: random.Random) -> tuple[list[int], list[int]]:
    """Sizes and samples of each bin, of what leaks evenly: forty samples of unlike sizes."""
    size, samples = [0] * BINS, [0] * BINS
    for _ in range(40):
        at = chance.randrange(BINS)
        size[at] += round(chance.expovariate(1 / 8000))
        samples[at] += 1
    return size, samples
