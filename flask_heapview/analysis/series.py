"""Does a figure grow with the requests served? A leak does, in every interval, at one rate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from .calibration import PRIORS, WANDERING, calibration, kind_of
from .growth_curves import CURVES, Curve, Rate, likelihoods, rates_of, wandering_likelihood

MIN_START_REQUESTS = 5  # requests before the first figure, to compare it with the rate
MIN_SERVED_REQUESTS = 10  # requests between the first figure and the last
MAX_FEW_CONFIDENCE = 0.4  # where there were fewer
# share by which the first figure may differ from what the rate predicts since the start
MAX_START_DEVIATION = 0.4
LASTING: tuple[Curve, ...] = ("level", "rising")  # curves that do not end by themselves


class Growth(msgspec.Struct, frozen=True):
    """How a figure went along with the requests."""

    total: float
    per_request: float
    steady: bool  # grew in every interval, at about one rate
    since_start: bool  # even the first figure fits the rate, counted from the worker's start
    confidence: float  # 0 to 1, of growth that will not stop by itself
    lumpy: bool = False
    rates: tuple[Rate, ...] = ()

    @property
    def intervals(self) -> int:
        """Those that had requests."""
        return len(self.rates)

    @property
    def grows(self) -> bool:
        return self.confidence > 0


NO_GROWTH = Growth(0, 0, False, False, 0)


def measure_growth(
    requests: Sequence[float],
    values: Sequence[float],
    min_total: float,
    lumpy: bool = False,
    noise: float = 0.0,
) -> Growth:
    """Judges the figures at several points.

    `requests` are those that the worker had served at each point, `min_total` is the smallest
    growth that means anything. One interval alone cannot tell a leak from a cache that fills up,
    unless even the first figure lies on the same line. A `lumpy` figure grows by doubling tables
    and by arenas: its intervals may differ by far. Where it is no count, `noise` is the standard
    error of what one interval gains.
    """
    rates = rates_of(requests, values, noise)
    served = sum(one.requests for one in rates)
    total = values[-1] - values[0] if values else 0
    if not rates or total < min_total or any(one.gained <= 0 for one in rates):
        return NO_GROWTH
    rate = total / served
    lasts = lasting(rates, lumpy)
    since = _since_start(requests[0], values[0], rate)
    confidence = _confidence(len(rates), lasts, since, lumpy)
    if served < MIN_SERVED_REQUESTS:  # too few to tell a slope from a start
        confidence = min(confidence, MAX_FEW_CONFIDENCE)
    steady = len(rates) > 1 and lasts > 1 / 2
    return Growth(total, rate, steady, since, confidence, lumpy, rates)


@lru_cache(4096)  # many owners have grown by the same few objects
def lasting(rates: tuple[Rate, ...], lumpy: bool) -> float:
    """The probability that they lie on a curve that does not end by itself (Bayes)."""
    found = likelihoods(rates, calibration().scatter.of(lumpy))
    weights = {curve: PRIORS[curve] * found[curve] for curve in CURVES}
    wandering = WANDERING / sum(one.gained for one in rates) * wandering_likelihood(rates)
    whole = sum(weights.values()) + wandering
    return sum(weights[curve] for curve in LASTING) / whole if whole else 0.0


def _since_start(requests: float, value: float, rate: float) -> bool:
    predicted = rate * requests
    most = MAX_START_DEVIATION * max(predicted, 1)
    return requests >= MIN_START_REQUESTS and abs(value - predicted) <= most


def _confidence(intervals: int, lasts: float, since: bool, lumpy: bool) -> float:
    """Of a leak: of growth that lasts so many are, and so many of what does not."""
    leaks = calibration().leaks
    sure = leaks[kind_of(intervals, since, lumpy)]
    if intervals == 1:  # any curve goes through it
        return sure
    return lasts * sure + (1 - lasts) * leaks["ending"]
