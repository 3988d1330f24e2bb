"""How far an estimate from samples may be from the truth.

The sum of the samples of one site is a weighted sum of about Poisson-distributed counts. Its
interval is the gamma interval of Fay and Feuer (Statistics in Medicine 16, 1997), which holds for
few samples, too, where mean ± 1.96 standard deviations does not. Chi-square quantiles after Wilson
and Hilferty (1931).
"""

from __future__ import annotations

import math

import msgspec

Z_95 = 1.959963984540054  # two-sided 95 %


class ConfidenceInterval(msgspec.Struct, frozen=True):
    """A 95 % confidence interval."""

    low: float
    high: float


def _chi_square(z: float, freedom: float) -> float:
    part = 2 / (9 * freedom)
    return float(freedom * max(0.0, 1 - part + z * math.sqrt(part)) ** 3)


def sum_interval(total: float, variance: float, largest: float) -> ConfidenceInterval:
    """Of a sum of samples: `largest` is what the heaviest of them adds by chance."""
    if total <= 0 or variance <= 0:
        return ConfidenceInterval(total, total)
    low = variance / (2 * total) * _chi_square(-Z_95, 2 * total * total / variance)
    total, variance = total + largest, variance + largest * largest
    return ConfidenceInterval(
        low, variance / (2 * total) * _chi_square(Z_95, 2 * total * total / variance)
    )


def difference_interval(delta: float, variance: float) -> ConfidenceInterval:
    """Of the difference of two sums; too wide where samples are in both, which do not vary."""
    half = Z_95 * math.sqrt(max(0.0, variance))
    return ConfidenceInterval(delta - half, delta + half)
