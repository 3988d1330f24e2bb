"""Which curve do a figure's rates lie on? Likelihoods of the curves that such figures follow.

The rates of the intervals are compared by their logarithms: what differs by a share lies as far
apart for few bytes as for many. A rate has two errors, added in squares: the one of its count or
reading, and the scatter that traffic has by itself. How fast a figure grows is asked of no curve,
so the rate itself is integrated out (a flat prior on its logarithm; Gelman et al., Bayesian Data
Analysis, 3rd ed., 2013, 2.8). What a curve leaves open (when it bends, and how much) is averaged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import msgspec

Curve = Literal["level", "rising", "filling", "at-once"]
CURVES: tuple[Curve, ...] = ("level", "rising", "filling", "at-once")
Shape = list[float]
GRID = 12  # values that are tried for what a curve leaves open
# the last rate / the first, or what the last interval has of the others' rate
LEAST_LEFT, MOST_LEFT = 0.02, 0.8
MOST_RISEN = 2.0  # the last rate / the first: the mix of requests has shifted so far
MOST_BESIDE = 0.4  # the rate of the other intervals / that of the one in which it came


class Rate(msgspec.Struct, frozen=True):
    """What an interval gained."""

    requests: float
    gained: float
    error: float  # standard error of what it gained

    @property
    def log(self) -> float:
        return math.log(self.gained / self.requests)

    @property
    def log_error(self) -> float:
        return self.error / self.gained


def likelihoods(
    rates: Sequence[Rate], scatters: Sequence[tuple[float, float]]
) -> dict[Curve, float]:
    """How probable each curve makes these rates, which have to be above 0.

    `scatters` are standard errors of a rate's logarithm, beside that of its count, each with its
    probability. All curves are as probable for one interval, which lies on any.
    """
    if len(rates) < 2:
        return dict.fromkeys(CURVES, 1.0)
    shapes = _shapes(tuple(one.requests for one in rates))
    return {
        curve: sum(share * _likelihood(rates, shapes[curve], error) for error, share in scatters)
        for curve in CURVES
    }


@lru_cache(64)  # all figures of a report have the same intervals
def _shapes(requests: tuple[float, ...]) -> dict[Curve, list[Shape]]:
    """The logarithms of the rates on each curve, but for their height."""
    return {
        "level": [[0.0] * len(requests)],
        "rising": _bending(requests, 1.0, MOST_RISEN),
        "filling": [*_bending(requests, LEAST_LEFT, MOST_LEFT), *_ending(len(requests))],
        "at-once": _at_once(len(requests)),
    }


def _likelihood(rates: Sequence[Rate], shapes: Sequence[Shape], scatter: float) -> float:
    """Of normal errors around the shapes, wherever their height is: their mean."""
    weights = [1 / (scatter**2 + one.log_error**2) for one in rates]
    logs = [one.log for one in rates]
    whole = sum(weights)
    density = 0.0
    for shape in shapes:
        mean = square = 0.0
        for log, part, weight in zip(logs, shape, weights, strict=True):
            away = log - part
            mean += weight * away
            square += weight * away * away
        density += math.exp((mean * mean / whole - square) / 2)
    scale = math.sqrt(math.prod(w / (2 * math.pi) for w in weights) * 2 * math.pi / whole)
    return scale * density / len(shapes)


def _grid(low: float, high: float) -> Iterable[float]:
    """The middles of equal parts."""
    return (low + (high - low) * (n + 0.5) / GRID for n in range(GRID))


def _bending(requests: Sequence[float], low: float, high: float) -> list[Shape]:
    """Rates that change by one factor for each request, from 1 to between the two."""
    middles, served = [], 0.0
    for count in requests:
        middles.append(served + count / 2)
        served += count
    width = middles[-1] - middles[0]
    return [
        [math.log(last) * (at - middles[0]) / width for at in middles] for last in _grid(low, high)
    ]


def _ending(count: int) -> list[Shape]:
    """An even rate, and less in the last interval: a limit was met in it."""
    return [[0.0] * (count - 1) + [math.log(left)] for left in _grid(LEAST_LEFT, MOST_LEFT)]


def _at_once(count: int) -> list[Shape]:
    """Nearly all of it in one interval."""
    return [
        [0.0 if n == one else math.log(beside) for n in range(count)]
        for one in range(count)
        for beside in _grid(0.0, MOST_BESIDE)
    ]


def wandering_likelihood(rates: Sequence[Rate]) -> float:
    """How probable these are for what comes and goes, and only happened to grow each time.

    What an interval gains is normal around 0 then, whatever its spread (flat on the logarithm, too:
    the integral is a gamma function). All of k intervals gain once in 2^k times.
    """
    squares = sum(one.gained**2 for one in rates)
    k = len(rates)
    normal = math.pow(2 / math.sqrt(2 * math.pi), k) * math.prod(one.gained for one in rates)
    return math.pow(0.5, k) * normal * math.pow(2 / squares, k / 2) * math.gamma(k / 2) / 2


def rates_of(requests: Sequence[float], values: Sequence[float], noise: float) -> tuple[Rate, ...]:
    """Of the intervals that had requests. Without `noise`, the error is a count's (Poisson)."""
    found = []
    for (r0, r1), (v0, v1) in zip(pairwise(requests), pairwise(values), strict=False):
        if r1 > r0:
            error = noise or math.sqrt(max(0.0, v1 - v0))
            found.append(Rate(r1 - r0, v1 - v0, error))
    return tuple(found)
