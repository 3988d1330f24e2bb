"""What the process took since it began to serve: few points, evenly spaced, however long that is.

It rides on the level history, which looks at the clock before a request anyway. It has no thread.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable

from ..model.history import History
from . import memory, pymalloc
from .collector import PAUSES

MAX_POINTS = 240
MAX_KEPT_POINTS = 160  # after thinning
MIN_INTERVAL_NS = 1_000_000_000  # between two points of a young worker
COSTS_BETWEEN_POINTS = 1000  # the next is due when so many times the price of one has passed
MAX_PYMALLOC_SECONDS = 0.002  # that a request may wait for the arenas' figures
UNKNOWN = -1
NS = 1e9  # nanoseconds of a second
COLUMNS = 5
Point = tuple[float, float, float, float, float]  # as the columns of History


class MemorySeries:
    """A bounded series of points. When it is full, the distance between them doubles, so an hour
    and a week have about as many points, at even distances."""

    def __init__(self, requests: Callable[[], int]) -> None:
        self._requests = requests
        self.clear()

    def clear(self) -> None:
        """Begins again from nothing, as a freshly forked worker must."""
        self._lock = threading.Lock()
        self._interval = MIN_INTERVAL_NS
        self._due = self._used = 0
        self._columns = tuple(array("d", bytes(8 * MAX_POINTS)) for _ in range(COLUMNS))

    def note(self, now: int | None = None) -> None:
        """Adds a point if one is due; `now` are nanoseconds of the monotonic clock."""
        now = time.monotonic_ns() if now is None else now
        if now >= self._due and self._lock.acquire(blocking=False):
            try:
                self._add(now)
            finally:
                self._lock.release()

    def history(self) -> History:
        """All points, and one of this moment behind them."""
        self.note()
        with self._lock:
            rows = [column[: self._used].tolist() for column in self._columns]
            every = self._interval / NS
        last = self._point(time.monotonic_ns())
        clock, resident, python, requests, paused = (
            [*row, value] for row, value in zip(rows, last, strict=True)
        )
        return History(
            every_seconds=every,
            epoch=time.time() - time.monotonic(),
            clock=clock,
            resident=[int(value) for value in resident],
            python=[None if value == UNKNOWN else int(value) for value in python],
            requests=[int(value) for value in requests],
            paused=[None if value == UNKNOWN else value for value in paused],
        )

    def _add(self, now: int) -> None:
        began = time.thread_time_ns()
        if self._used == MAX_POINTS:
            self._thin()
            self._due = self._after(self._columns[0][self._used - 1] * NS)
            if now < self._due:
                return
        for column, value in zip(self._columns, self._point(now), strict=True):
            column[self._used] = value
        self._used += 1
        price = time.thread_time_ns() - began
        self._due = max(self._after(now), now + COSTS_BETWEEN_POINTS * price)

    def _after(self, moment: float) -> int:
        """When the next interval begins. They are counted from the first point: one that is late
        does not move those behind it."""
        start = self._columns[0][0] * NS
        return round(start + ((moment - start) // self._interval + 1) * self._interval)

    def _point(self, now: int) -> Point:
        resident, swapped = memory.resident_now()
        arenas = None if swapped else pymalloc.arenas(MAX_PYMALLOC_SECONDS)
        paused = PAUSES.seconds()
        return (
            now / NS,
            resident,
            UNKNOWN if arenas is None else arenas[1],
            self._requests(),
            UNKNOWN if paused is None else paused,
        )

    def _thin(self) -> None:
        """Doubles the interval, and keeps one point in each. Twice, where few are dropped."""
        clock, kept = self._columns[0], list(range(self._used))
        while len(kept) > MAX_KEPT_POINTS:
            self._interval *= 2
            kept = self._apart(clock)
        for column in self._columns:
            for place, at in enumerate(kept):
                column[place] = column[at]
        self._used = len(kept)

    def _apart(self, clock: array[float]) -> list[int]:
        """Of the points, the first of each interval."""
        kept, slot, start = [], -1, clock[0]
        for at in range(self._used):
            here = int((clock[at] - start) * NS // self._interval)
            if here > slot:
                kept.append(at)
                slot = here
        return kept
