"""A rate and its error, by ordinary least squares (Draper and Smith, Applied Regression Analysis,
1998, 1.2 to 1.4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

# Student's t for 95 %, two-sided, by degrees of freedom
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
_NORMAL = 1.96


class Slope(msgspec.Struct, frozen=True):
    """What a figure gains per request, and half of its 95 % confidence interval."""

    rate: float
    margin: float

    @property
    def least(self) -> float:
        return self.rate - self.margin

    @property
    def most(self) -> float:
        return self.rate + self.margin


def slope_of(requests: Sequence[float], values: Sequence[float]) -> Slope:
    """The slope of the values along the requests. The margin is infinite below three points."""
    count = len(values)
    mean_x, mean_y = sum(requests) / count, sum(values) / count
    spread = sum((x - mean_x) ** 2 for x in requests)
    if not spread:
        return Slope(0.0, math.inf)
    pairs = list(zip(requests, values, strict=True))
    rate = sum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread
    free = count - 2
    if free < 1:
        return Slope(rate, math.inf)
    rest = sum((y - mean_y - rate * (x - mean_x)) ** 2 for x, y in pairs)
    student = _STUDENT[free - 1] if free <= len(_STUDENT) else _NORMAL
    return Slope(rate, student * math.sqrt(rest / free / spread))
