"""What it is worth to mend a leak, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.facts import Impact
from ...text import bytes_text, duration_text
from .objects import HARMLESS_SECONDS


def worth_text(impacts: Sequence[Impact]) -> str:
    """412 MB a day at today's traffic. Without the fix, memory runs out in 31 hours.

    Several leaks fill together what is left. Empty where no rate is known.
    """
    daily = sum(impact.bytes_per_day for impact in impacts)
    if daily <= 0:
        return ""
    said = f"{bytes_text(daily)} a day at today's traffic."
    seconds = _until_full(impacts, daily)
    if seconds is None:
        return said
    if seconds > HARMLESS_SECONDS:
        return f"{said} It can wait: without the fix, it takes years until memory runs out."
    return f"{said} Without the fix, memory runs out in {duration_text(seconds)}."


def _until_full(impacts: Sequence[Impact], daily: float) -> float | None:
    """Seconds; None where nobody knows what is left. Each impact tells it, at its own rate."""
    known = [
        one.bytes_per_day * one.seconds_to_limit
        for one in impacts
        if one.seconds_to_limit is not None
    ]
    return min(known) / daily if known else None
