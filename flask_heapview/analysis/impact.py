"""What a leak comes to: bytes a day, and how long until nothing is left."""

from __future__ import annotations

from ..model.facts import Impact
from ..model.process import Process

SECONDS_A_DAY = 86_400


def impact_of(grown_bytes: float, seconds: float, process: Process) -> Impact | None:
    """Of so many bytes in so many seconds; None where either is unknown."""
    if grown_bytes <= 0 or seconds <= 0:
        return None
    rate, left = grown_bytes / seconds, _left(process)
    return Impact(
        bytes_per_day=rate * SECONDS_A_DAY,
        seconds_to_limit=None if left is None else left / rate,
    )


def _left(process: Process) -> int | None:
    """Bytes that the container may still take, or the machine has. None where nobody knows."""
    container = process.container
    if container.limit and container.usage is not None:
        return max(0, container.limit - container.usage)
    return process.machine_available or None
