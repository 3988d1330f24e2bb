"""Round times, for the marks of a time axis."""

from __future__ import annotations

from collections.abc import Callable

HOUR, DAY = 3600, 86_400
# seconds between two marks
STEPS = (
    *(0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR),
    *(DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY),
)


def round_step(span: float, most: Callable[[float], int]) -> float:
    """Seconds from mark to mark on an axis of so many seconds. `most` says how many marks of a
    step have room."""
    longest = STEPS[-1]
    several = longest * (1 + span // (longest * most(longest)))
    return next((step for step in STEPS if span / step <= most(step)), several)
