"""What growth is measured along: the requests served, or the seconds, where nobody counts these."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.snapshot import Snapshot


def counted(snapshots: Sequence[Snapshot]) -> bool:
    """Whether the requests are known at each of them."""
    return all(s.info.requests.known for s in snapshots)


def exposure(snapshots: Sequence[Snapshot]) -> list[float]:
    """Requests served at each snapshot, or seconds since the first one.

    Not since the worker's start: traffic need not have come at one rate all the time.
    """
    if counted(snapshots):
        return [s.info.requests.total for s in snapshots]
    return [s.info.clock - snapshots[0].info.clock for s in snapshots]
