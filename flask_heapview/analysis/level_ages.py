"""Is what was born as much in each part of the past? Asked with the errors of the samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ..model.births import BINS, NodeAges

MIN_SAMPLES = 24  # below which chance makes a cache that fills look level
MAX_STANDARD_ERRORS = 2.0  # by which the slowest part may lie below the fastest
MAX_EARLY_ERRORS = 1.5  # by which the first part may be too small
MIN_INTERVAL_BINS = 4  # that an interval must span, to have two halves
EVEN_SHARE = 0.5  # from the first half of it, of what leaks evenly
MIN_EARLIER_SHARE = 0.1  # less, and it looks like what is being worked on
MIN_YOUNG_ERRORS = 3.0  # standard errors that are missing from it: fewer may be chance
MAX_YOUNG_CONFIDENCE = 0.4  # where chance may have made it look so
MIN_EARLY_SAMPLES = 3  # in it, that it is taken for an estimate


def is_level(ages: NodeAges, shares: Sequence[float]) -> bool:
    """Whether the parts between those shares of the requests differ by chance alone.

    A sum of n samples has a standard error of 1 / sqrt(n) of itself (Poisson).
    """
    if sum(ages.samples) < MIN_SAMPLES:
        return False
    parts = []
    for begin, end in pairwise(shares):
        bins = slice(round(BINS * begin), round(BINS * end))
        samples, width = sum(ages.samples[bins]), end - begin
        if not samples or width <= 0:
            return False
        rate = sum(ages.size[bins]) / width
        parts.append((rate, rate / math.sqrt(samples)))
    (slowest, low), (fastest, high) = min(parts), max(parts)
    return fastest - slowest <= MAX_STANDARD_ERRORS * math.hypot(low, high)


def early_error(ages: NodeAges, share: float) -> float:
    """How much too small, as a share of itself, what was born up to there may be."""
    samples = sum(ages.samples[: round(BINS * share)])
    return MAX_EARLY_ERRORS / math.sqrt(samples) if samples >= MIN_EARLY_SAMPLES else 0.0


def uneven_error(samples: float) -> float:
    """Standard error of the sum of so many samples, as a share of itself: their sizes vary like an
    exponential distribution's, which doubles the variance of their number (Poisson)."""
    return math.sqrt(2 / max(1, samples))


def confidence_by_age(size: Sequence[int], samples: Sequence[int], begin: float) -> float:
    """The most confidence that what came since that share of the requests piles up.

    What is only being worked on was born in the second half of that time, nearly all of it: 0.0.
    It is 0.4 where chance may have made it look so young. A leak has half of it from the first
    half. Of bins as wide as that time, nothing is said: 1.0.
    """
    first, bins = round(BINS * begin), len(size)
    if bins - first < MIN_INTERVAL_BINS:
        return 1.0
    middle = (first + bins) // 2
    before, after = sum(size[first:middle]), sum(size[middle:])
    if before >= MIN_EARLIER_SHARE * (before + after):
        return 1.0
    missing = EVEN_SHARE - before / (before + after)
    error = EVEN_SHARE * uneven_error(sum(samples[first:]))
    return 0.0 if missing > MIN_YOUNG_ERRORS * error else MAX_YOUNG_CONFIDENCE
