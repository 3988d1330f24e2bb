"""What the process was like at a moment of the past, by the readings between requests."""

from __future__ import annotations

import bisect

from msgspec.structs import replace

from ..model.process import Process, Readings
from ..model.resources import Resources
from ..model.snapshot import Snapshot
from .level_steps import MIN_READINGS


class ThenAndNow:
    """The reading of a moment, and the last one; `objects` are bytes that came in between in what
    is alive."""

    def __init__(self, readings: Readings, at: int, objects: int) -> None:
        self._readings, self._at, self._objects = readings, at, objects
        self.clock = readings.clock[at]

    def gained(self, figure: str) -> int:
        """What a figure has gained since."""
        column: list[int] = getattr(self._readings, figure)
        return column[-1] - column[self._at] if column else 0

    def process(self, now: Process) -> Process:
        """The memory then. What the objects took since is counted as the C library's, though most
        of them lie in arenas: rather too little of its growth is called native."""
        native = max(0, self.gained("malloc") - self._objects)
        return replace(
            now,
            anonymous=(now.anonymous or 0) - self.gained("anonymous"),
            tmpfs=now.tmpfs - self.gained("files"),
            bridge=replace(now.bridge, native=(now.bridge.native or 0) - native),
        )

    def resources(self, now: Resources) -> Resources:
        """Descriptors and threads then. Whose they were is unknown: all had their share."""
        more, threads = self.gained("descriptors"), self.gained("threads")
        share = 1 - more / now.descriptors if now.descriptors else 1.0
        open_then = [replace(o, count=round(o.count * share)) for o in now.open_objects]
        return replace(
            now,
            descriptors=now.descriptors - more,
            thread_count=now.thread_count - threads,
            open_objects=open_then,
        )


def reading_at(snapshot: Snapshot, requests: int) -> int | None:
    """The first reading after so many requests; None where there are too few to tell."""
    readings = snapshot.process.readings
    if len(readings.clock) < MIN_READINGS:
        return None
    columns = readings.requests.values()
    begun = [sum(column[n] for column in columns) for n in range(len(readings.clock))]
    return min(bisect.bisect_left(begun, requests), len(begun) - 1)
