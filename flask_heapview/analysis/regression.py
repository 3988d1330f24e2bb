"""Which endpoint's requests explain a figure, where no allocation site says so.

The figure's growth in each interval is laid against the requests of one endpoint at a time: a leak
of so many bytes a request makes a straight line through the origin. It only tells anything where
the endpoints were not asked for in the same proportions all the time, and is silent elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

INTERVALS = 3  # fewer fit anything
FITS = 0.1  # share of the growth's squares that may be left unexplained
APART = 0.25  # of what the next best endpoint leaves


def _left(growth: Sequence[float], requests: Sequence[float]) -> float:
    """The squares that the best line through the origin leaves, with no negative slope."""
    below = sum(r * r for r in requests)
    slope = (
        max(0.0, sum(g * r for g, r in zip(growth, requests, strict=True)) / below) if below else 0
    )
    return sum((g - slope * r) ** 2 for g, r in zip(growth, requests, strict=True))


def explaining(values: Sequence[float], served: Sequence[Mapping[str, int]]) -> str | None:
    """The endpoint that explains the figure; None where none does, or several do.

    `values` has the figure at each snapshot, `served` the requests since the start at each.
    """
    growth = [b - a for a, b in itertools.pairwise(values)]
    total = sum(g * g for g in growth)
    if len(growth) < INTERVALS or total <= 0:
        return None
    names = {name for row in served for name in row}
    left = sorted(
        (
            _left(
                growth,
                [b.get(name, 0) - a.get(name, 0) for a, b in itertools.pairwise(served)],
            ),
            name,
        )
        for name in names
    )
    if not left or left[0][0] > FITS * total:
        return None
    if len(left) > 1 and left[0][0] >= APART * left[1][0]:
        return None
    return left[0][1]
