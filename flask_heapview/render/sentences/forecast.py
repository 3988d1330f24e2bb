"""When the memory that is left will be taken, in words."""

from __future__ import annotations

from ...model.history import History
from ...text import bytes_text, duration_text

SECONDS_AN_HOUR = 3600
SURE_RATIO = 1.2  # of the latest time and the soonest: below it, one figure says both
WIDE_RATIO = 20  # above it, only the soonest means anything
ENDS = {
    "container": "the container's limit of {limit} is hit",
    "machine": "the memory of the machine is used up",
}


def forecast_text(history: History, workers: int = 1) -> str:
    """One sentence, and one more where several workers may grow alike. Empty without a forecast."""
    found = history.forecast
    if found is None:
        return ""
    rate = f"{bytes_text(found.bytes_per_second * SECONDS_AN_HOUR)} an hour"
    end = ENDS[history.bound].format(limit=bytes_text(history.limit))
    said = (
        f"At the rate of the last {duration_text(found.over_seconds)}, {rate}, {end} "
        f"in {duration_text(found.seconds)}{_range(found.soonest, found.latest)}."
    )
    if workers > 1:
        said += f" If all {workers} workers grow so, in {duration_text(found.seconds / workers)}."
    return said


def _range(soonest: float, latest: float) -> str:
    if latest <= SURE_RATIO * soonest:
        return ""
    if latest > WIDE_RATIO * max(soonest, 1):
        return f", at the earliest in {duration_text(soonest)}"
    return f" ({duration_text(soonest)} to {duration_text(latest)})"
