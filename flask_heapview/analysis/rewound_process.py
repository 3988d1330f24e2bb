"""What the process was like at a moment of the past, by the readings between requests."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ..model.process import Process, Readings
from ..model.resources import Resources

MAX_SHIFT = 0.12  # of all requests, by which a moment may move to where a reading is


class ThenAndNow:
    """A reading and the figures of the snapshot; `objects` are the bytes that what is alive has
    gained in between."""

    def __init__(self, readings: Readings, at: int, objects: int) -> None:
        self._readings, self._at, self._objects = readings, at, objects
        self.clock = readings.clock[at]

    def gained(self, figure: str) -> int:
        """What a figure has gained since."""
        column: Sequence[int] = getattr(self._readings, figure)
        return self._readings.now[figure] - column[self._at]

    def process(self, now: Process) -> Process:
        """The memory then. What the objects took since is counted as the C library's, though most
        of them lie in arenas: rather too little of its growth is called native."""
        malloc, anonymous = self.gained("malloc"), self.gained("anonymous")
        native = max(0, malloc - self._objects)
        # resident, handed out by nobody, and in no object: it is free in one of the allocators
        free = max(0, anonymous - malloc - self._objects)
        allocators = now.allocators
        return replace(
            now,
            anonymous=(now.anonymous or 0) - anonymous,
            allocators=replace(allocators, pymalloc_free=(allocators.pymalloc_free or 0) - free),
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


def reading_near(begun: Sequence[int], requests: float, aged: int) -> int | None:
    """Of readings with so many requests begun, the nearest; None where none is near."""
    near = [n for n, count in enumerate(begun) if abs(count - requests) <= MAX_SHIFT * aged]
    return min(near, key=lambda n: abs(begun[n] - requests), default=None)
