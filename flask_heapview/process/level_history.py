"""What the process takes, read between requests: it tells which endpoint makes it grow.

Where no object and so no allocation site is guilty (native memory, fragmentation, files in memory),
only the mix of requests can say whose it is, and between single requests the mix always varies.
A worker that always serves somebody is read all the same: the judge knows how to take these.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from array import array

from ..core.loader import core
from ..model.process import Readings
from ..request_context import RequestCounter, steps_of
from . import tmpfs
from .memory_series import MemorySeries

MAX_READINGS = 512  # readings kept
# readings are due when so many times the price of the last ones has passed
COSTS_BETWEEN_READINGS = 250
# and sooner in the beginning, where a part of the time that has passed is enough: what was there at
# each quarter of the requests is then known of a worker that has served for a second
MIN_COSTS_BETWEEN_READINGS = 40
EARLY_SHARE = 1 / 12
# readings at a stretch, with one request between two: those tell endpoints apart best
READINGS_PER_BURST = 4
READINGS_AFTER_CAPTURE = 64
# nanoseconds for which a moment without a request is waited for, once a reading is due; half as
# long each time that it was in vain
MAX_WAIT_NS = 100_000_000
# nanoseconds of a reading: after two in a row the C library is not asked again
MAX_READING_NS = 2_000_000
MAX_SLOW_READINGS = 2
MAX_MOUNTS = 8
MAX_ENDPOINTS = 64
OTHER_ENDPOINTS = "(others)"
FIGURES = ("malloc", "anonymous", "files", "descriptors", "threads")  # the core's, and handles


class LevelHistory:
    """The last readings, in arrays of a fixed size: the service does not grow by being watched.

    When they are full, every other reading of the older half is dropped, so that the distance
    between two is as fine as they are recent (an exponential histogram: Datar, Gionis, Indyk and
    Motwani 2002).
    """

    def __init__(self, counter: RequestCounter, series: MemorySeries | None = None) -> None:
        """`series` is asked for a point whenever a reading is due: no request looks twice."""
        self._counter, self._series = counter, series
        self.clear()

    def clear(self) -> None:
        """Begins again from nothing, as a freshly forked worker must."""
        self._lock = threading.Lock()
        self._due = self._left = self._used = 0
        self._wait = MAX_WAIT_NS
        self._begun, self._ended = itertools.count(), itertools.count()
        self._clock = array("d", bytes(8 * MAX_READINGS))
        self._serving = array("q", bytes(8 * MAX_READINGS))
        self._levels = tuple(array("q", bytes(8 * MAX_READINGS)) for _ in FIGURES)
        self._requests: dict[str, array[int]] = {}
        self._mounts: tuple[bytes, ...] | None = None
        self._dear = 0

    def begin(self, own: bool = False) -> None:
        """Before a request is counted: takes a reading, if it is time to, and the request is none
        of the page's own."""
        now = time.monotonic_ns()
        due = (self._left or now >= self._due) and not own
        if due and self._lock.acquire(blocking=False):
            try:
                if core:
                    self._take(now)
                else:
                    self._left, self._due = 0, now + MAX_WAIT_NS
                if self._series is not None:
                    self._series.note(now)
            finally:
                self._lock.release()
        next(self._begun)

    def end(self) -> None:
        """After a request."""
        next(self._ended)

    @property
    def serving(self) -> int:
        """Requests that have begun and not ended."""
        return steps_of(self._begun) - steps_of(self._ended)

    def _take(self, now: int) -> None:
        # best while nothing is being served: then those that were begun are those that have ended,
        # and what they needed for a while is gone
        serving = self.serving
        if serving > 0 and now < self._due + self._wait:
            return
        if serving > 0:
            self._wait //= 2
            self._due = now + self._pause(now, self._read(now, serving))
            return
        self._wait = MAX_WAIT_NS
        if now >= self._due:
            self._left = max(READINGS_PER_BURST, self._left)
        self._left -= 1
        self._due = now + self._pause(now, self._read(now) * READINGS_PER_BURST)

    def _pause(self, now: int, price: int) -> int:
        """Nanoseconds until the next are due, after readings of that price in nanoseconds."""
        early = int(EARLY_SHARE * (now - int(self._clock[0] * 1e9)))
        longest = COSTS_BETWEEN_READINGS * price
        return min(longest, max(early, MIN_COSTS_BETWEEN_READINGS * price))

    def readings(self) -> Readings:
        """All up to now, the oldest first. A capture begins: the next requests are read one by
        one, which costs less than it does."""
        with self._lock:
            self._left = READINGS_AFTER_CAPTURE
            n = self._used
            levels = (column[:n].tolist() for column in self._levels)
            malloc, anonymous, files, descriptors, threads = levels
            now = dict(zip(FIGURES, self._now(), strict=True)) if core and n else {}
            return Readings(
                clock=self._clock[:n].tolist(),
                serving=self._serving[:n].tolist(),
                malloc=malloc,
                anonymous=anonymous,
                files=files,
                descriptors=descriptors,
                threads=threads,
                requests={name: column[:n].tolist() for name, column in self._requests.items()},
                now=now,
            )

    def _read(self, now: int, serving: int = 0) -> int:
        """Returns its price, in nanoseconds of this thread: what others do meanwhile is none."""
        assert core is not None
        began = time.thread_time_ns()
        if self._mounts is None:
            self._mounts = tuple(os.fsencode(place) for place in tmpfs.mounts()[:MAX_MOUNTS])
        if self._used == MAX_READINGS:
            self._thin()
        n = self._used
        self._clock[n], self._serving[n] = now / 1e9, serving
        for column, level in zip(self._levels, self._now(), strict=True):
            column[n] = level
        for column in self._requests.values():
            column[n] = 0
        for name, count in self._counter.read().items():
            self._column(name)[n] += count
        self._used = n + 1
        return time.thread_time_ns() - began

    def _now(self) -> tuple[int, ...]:
        """The figures of this moment, in the order of FIGURES."""
        assert core is not None
        ask = self._dear < MAX_SLOW_READINGS
        began = time.thread_time_ns()
        malloc, *others = core.levels(self._mounts or (), ask)
        if ask:
            self._dear = self._dear + 1 if time.thread_time_ns() - began >= MAX_READING_NS else 0
        elif self._used:  # as if nothing had changed since
            malloc = self._levels[0][self._used - 1]
        return (malloc, *others, _entries("/proc/self/fd"), _entries("/proc/self/task"))

    def _column(self, name: str) -> array[int]:
        if name not in self._requests:
            if len(self._requests) >= MAX_ENDPOINTS:
                name = OTHER_ENDPOINTS
            self._requests.setdefault(name, array("q", bytes(8 * MAX_READINGS)))
        return self._requests[name]

    def _thin(self) -> None:
        half = MAX_READINGS // 2
        self._clock[: half // 2 + half] = self._clock[0:half:2] + self._clock[half:]
        for column in (self._serving, *self._levels, *self._requests.values()):
            column[: half // 2 + half] = column[0:half:2] + column[half:]
        self._used = half // 2 + half


def _entries(directory: str) -> int:
    """How many there are; 0 where the system has none to list."""
    try:
        return len(os.listdir(directory))
    except OSError:
        return 0
