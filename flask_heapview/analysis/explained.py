"""How much of the growth in resident memory the suspects account for."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.process import Process
from ..model.report import Explained
from .finding import MB, Finding

MIN_GROWN_BYTES = MB  # less is the noise of threads and arenas


def explained_by(found: Iterable[Finding], before: Process, now: Process) -> Explained | None:
    """None where resident memory did not grow, or is unknown. What hangs on the objects of a
    suspect is its own; files in memory are not resident."""
    if before.anonymous is None or now.anonymous is None:
        return None
    grown = now.anonymous - before.anonymous
    if grown < MIN_GROWN_BYTES:
        return None
    suspects = round(
        sum(one.bytes + one.hanging for one in found if one.leaks and one.cause != "off-process")
    )
    return Explained(resident=grown, suspects=suspects, rest=grown - suspects)
