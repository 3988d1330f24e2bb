"""Does a figure grow with the requests served? A leak does, in every interval, at one rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

MIN_STEADY_RATIO = 0.4  # slowest interval / fastest interval, from which the rate counts as one
MIN_LAST_RATIO = 0.7  # last interval / fastest before it, below which it may be levelling off
MIN_STANDARD_ERRORS = 2.0  # of a count (Poisson's) that the last interval must fall short
MIN_START_REQUESTS = 5  # requests before the first figure, to compare it with the rate
MIN_SERVED_REQUESTS = 10  # requests between the first figure and the last
# share by which the first figure may differ from what the rate predicts since the start
MAX_START_DEVIATION = 0.4
# the slowest interval / fastest interval of figures that come in lumps: allocators', hash tables'
MIN_LUMPY_RATIO = 0.1
# the last interval / fastest of such figures: a table that doubles rests before it does so again
MIN_LUMPY_LAST_RATIO = 0.25


class Growth(msgspec.Struct, frozen=True):
    """How a figure went along with the requests."""

    total: float
    per_request: float
    intervals: int
    steady: bool  # grew in every interval, at about one rate
    since_start: bool  # even the first figure fits the rate, counted from the worker's start
    confidence: float  # 0 to 1, of growth that will not stop by itself

    @property
    def grows(self) -> bool:
        return self.confidence > 0


def _slows_down(steps: Sequence[tuple[float, float]], noise: float) -> bool:
    """Whether the last interval brought less than the others let expect, and not by chance."""
    requests, grown = steps[-1]
    fastest = max(v / r for r, v in steps[:-1])
    expected = fastest * requests
    error = noise or math.sqrt(expected + grown)
    return grown < MIN_LAST_RATIO * expected and expected - grown > MIN_STANDARD_ERRORS * error


def _lasts(rates: Sequence[float]) -> bool:
    """Whether a figure that grows in lumps may still be growing."""
    fastest = max(rates)
    return rates[-1] >= MIN_LUMPY_LAST_RATIO * fastest and min(rates) >= MIN_LUMPY_RATIO * fastest


NO_GROWTH = Growth(0, 0, 0, False, False, 0)


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
    and by arenas: it counts as lasting while its last interval is not far slower than its fastest.
    Where it is no count, `noise` is the standard error of what one interval gains.
    """
    steps = [
        (r1 - r0, v1 - v0)
        for r0, r1, v0, v1 in zip(requests, requests[1:], values, values[1:], strict=False)
        if r1 > r0
    ]
    served = sum(r for r, _ in steps)
    total = values[-1] - values[0] if values else 0
    if not steps or served <= 0 or total < min_total or any(v <= 0 for _, v in steps):
        return NO_GROWTH
    rates = [v / r for r, v in steps]
    even = len(rates) > 1 and min(rates) >= MIN_STEADY_RATIO * max(rates)
    steady = even and not _slows_down(steps, noise)
    rate = total / served
    predicted = rate * requests[0]
    deviation = abs(values[0] - predicted)
    since = requests[0] >= MIN_START_REQUESTS and deviation <= MAX_START_DEVIATION * max(
        predicted, 1
    )
    if len(rates) == 1:
        confidence = 0.6 if since else 0.4
    elif steady:
        confidence = 0.95 if since else 0.9
    elif lumpy and _lasts(rates):
        confidence = 0.75
    else:
        confidence = 0.35
    if served < MIN_SERVED_REQUESTS:  # too few to tell a slope from a start
        confidence = min(confidence, 0.4)
    return Growth(total, rate, len(rates), steady, since, confidence)
