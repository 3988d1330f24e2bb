"""When the memory that is left will be taken, from the memory of a worker over time.

Memory goes up and down by steps that stay, so it is taken as a random walk with drift. Its rate and
the prediction interval are those of the drift method (Hyndman and Athanasopoulos, Forecasting:
Principles and Practice, 3rd edition, 5.2 and 5.5). The error of a straight line through the points
would be far too small here: the points are not independent of one another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

import msgspec

from ..model.history import Forecast, History

BLOCKS = 12  # that a stretch is cut into; the median of each is one step of the walk
STUDENT = 3.17  # Student's t of BLOCKS - 2 degrees of freedom, 99 %, two-sided
STRETCHES = (1.0, 0.5, 0.25, 0.125)  # of the time that is known, all of them up to now
MIN_SECONDS = 120.0  # of a stretch: a worker that warms up grows, too
MAX_HORIZON = 50  # times the stretch that a rate is followed into the future
RATE_TOLERANCE = 0.1  # by which the rate of a shorter stretch may differ beside its error


class _Drift(msgspec.Struct, frozen=True):
    """What a stretch gains per second."""

    seconds: float  # the stretch
    rate: float
    margin: float  # half of the confidence interval

    @property
    def sure(self) -> bool:
        return self.rate > self.margin

    def is_as(self, newer: _Drift) -> bool:
        """Whether the rate may still be that: growth that has ended is none, however sure."""
        return abs(self.rate - newer.rate) <= newer.margin + RATE_TOLERANCE * abs(self.rate)


def forecast(history: History) -> Forecast | None:
    """None where no growth is sure, or where it takes too long to tell when it ends."""
    if history.left is None:
        return None
    found = _rate_of_now(history.clock, history.resident)
    if found is None or history.left > MAX_HORIZON * found.seconds * found.rate:
        return None
    soonest, latest = _times(history.left, found)
    return Forecast(
        bytes_per_second=found.rate,
        margin=found.margin,
        over_seconds=found.seconds,
        seconds=history.left / found.rate,
        soonest=soonest,
        latest=latest,
    )


def _rate_of_now(clock: Sequence[float], levels: Sequence[float]) -> _Drift | None:
    """That of the longest stretch over which it has not changed."""
    drifts = [drift for drift in (_drift(clock, levels, s) for s in STRETCHES) if drift is not None]
    for n, drift in enumerate(drifts):
        if drift.sure and all(drift.is_as(newer) for newer in drifts[n + 1 :]):
            return drift
    return None


def _drift(clock: Sequence[float], levels: Sequence[float], share: float) -> _Drift | None:
    """Of the last share of the time; None where that is too short or has too few points."""
    begin = clock[-1] - share * (clock[-1] - clock[0])
    first = next(n for n, moment in enumerate(clock) if moment >= begin)
    if len(clock) - first < BLOCKS or clock[-1] - clock[first] < MIN_SECONDS:
        return None
    cuts = [first + n * (len(clock) - first) // BLOCKS for n in range(BLOCKS + 1)]
    moments = [fmean(clock[a:b]) for a, b in pairwise(cuts)]
    values = [median(levels[a:b]) for a, b in pairwise(cuts)]
    seconds = moments[-1] - moments[0]
    rate = (values[-1] - values[0]) / seconds
    steps = zip(pairwise(moments), pairwise(values), strict=True)
    # of steps of unequal length: the variance grows with the time
    squares = [(v - u - rate * (b - a)) ** 2 / (b - a) for (a, b), (u, v) in steps]
    variance = sum(squares) / (BLOCKS - 2)
    return _Drift(clock[-1] - clock[first], rate, STUDENT * math.sqrt(variance / seconds))


def _times(left: float, drift: _Drift) -> tuple[float, float]:
    """When the prediction interval reaches what is left: the roots of
    (left - rate h)² = margin² (h T + h²), where T is the stretch."""
    rate, square = drift.rate, drift.margin**2
    a, b = rate**2 - square, 2 * rate * left + square * drift.seconds
    root = math.sqrt(max(0.0, b * b - 4 * a * left * left))
    return (b - root) / (2 * a), (b + root) / (2 * a)
