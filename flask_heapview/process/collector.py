"""The collector's figures, and the history of its pauses."""

from __future__ import annotations

import gc
import os
import time
from array import array
from bisect import bisect_left

from ..isolation.postponed import POSTPONED
from ..model.gc import Gc, Generation, Pauses, RecentCollections

MAX_PAUSES = 512  # collections kept of each generation
MAX_IN_SNAPSHOT = 170  # of these, the newest of each generation
BOUNDS = (0.0005, 0.002, 0.01, 0.05, 0.2, 1.0)  # seconds: how long pauses are told apart
GENERATIONS = range(3)


class Ring:
    """The last collections of one generation, in arrays that are made once: a collection must not
    cost more for being recorded."""

    def __init__(self) -> None:
        self.total = 0
        self.begin = array("d", bytes(8 * MAX_PAUSES))  # seconds of time.perf_counter
        self.pause = array("d", bytes(8 * MAX_PAUSES))  # seconds
        self.collected = array("Q", bytes(8 * MAX_PAUSES))
        self.uncollectable = array("Q", bytes(8 * MAX_PAUSES))

    def add(self, begin: float, pause: float, info: dict[str, int]) -> None:
        at = self.total % MAX_PAUSES
        self.begin[at], self.pause[at] = begin, pause
        self.collected[at] = info.get("collected", 0)
        self.uncollectable[at] = info.get("uncollectable", 0)
        self.total += 1

    def last(self, limit: int) -> list[int]:
        """The places of the newest, the oldest of them first."""
        kept = min(self.total, MAX_PAUSES, limit)
        return [number % MAX_PAUSES for number in range(self.total - kept, self.total)]


class PauseHistory:
    """A gc callback that keeps the last collections of each generation."""

    def __init__(self) -> None:
        self._forget()
        self._begin = 0.0
        self._pid = 0

    def install(self) -> None:
        """Begins to listen, once in each process."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._forget()
        if self not in gc.callbacks:
            gc.callbacks.append(self)

    def _forget(self) -> None:
        self._rings = [Ring() for _ in GENERATIONS]
        self._counts = [[0] * (len(BOUNDS) + 1) for _ in GENERATIONS]
        self._seconds = [0.0 for _ in GENERATIONS]

    def remove(self) -> None:
        """Stops listening."""
        if self in gc.callbacks:
            gc.callbacks.remove(self)
        self._pid = 0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._begin = now
        elif self._begin:
            generation, pause = info["generation"], now - self._begin
            self._rings[generation].add(self._begin, pause, info)
            self._counts[generation][bisect_left(BOUNDS, pause)] += 1
            self._seconds[generation] += pause

    def figures(self, generation: int) -> tuple[float | None, float | None, float | None]:
        """(p50, p99, longest) of the recent pauses in seconds."""
        ring = self._rings[generation]
        pauses = sorted(ring.pause[at] for at in ring.last(MAX_PAUSES))
        if not pauses:
            return None, None, None
        last = len(pauses) - 1
        return pauses[last // 2], pauses[round(last * 0.99)], pauses[-1]

    def recent(self) -> RecentCollections:
        """The last ones of each generation, with the time until now."""
        now = time.perf_counter()
        rows = sorted(
            (ring.begin[at], number, ring.pause[at], ring.collected[at], ring.uncollectable[at])
            for number, ring in enumerate(self._rings)
            for at in ring.last(MAX_IN_SNAPSHOT)
        )
        begun, generation, pause, collected, uncollectable = (
            map(list, zip(*rows, strict=True)) if rows else ([], [], [], [], [])
        )
        return RecentCollections(
            before=[round(now - one, 6) for one in begun],
            generation=generation,
            pause=[round(one, 7) for one in pause],
            collected=collected,
            uncollectable=uncollectable,
            forgotten=[max(0, ring.total - MAX_IN_SNAPSHOT) for ring in self._rings],
        )

    def seconds(self) -> float | None:
        """All pauses since `install` together; None in a process where nobody listens."""
        return sum(self._seconds) if self._pid == os.getpid() else None

    def totals(self) -> list[Pauses]:
        """All pauses since `install`, by generation."""
        pairs = zip(self._counts, self._seconds, strict=True)
        return [Pauses(list(BOUNDS), list(counts), seconds) for counts, seconds in pairs]


PAUSES = PauseHistory()  # the collector is one for the process, whatever the number of apps


def read_gc(with_recent: bool = False) -> Gc:
    """The collector's state, and the last collections one by one; collects nothing."""
    generations = []
    stats, thresholds, counts = gc.get_stats(), POSTPONED.thresholds, gc.get_count()
    for number, stat in enumerate(stats):
        p50, p99, longest = PAUSES.figures(number)
        generations.append(
            Generation(
                threshold=thresholds[number],
                count=counts[number],
                collections=stat["collections"],
                collected=stat["collected"],
                uncollectable=stat["uncollectable"],
                pause_p50=p50,
                pause_p99=p99,
                pause_max=longest,
                candidates=stat.get("candidates"),
                duration=stat.get("duration"),
            )
        )
    return Gc(
        enabled=POSTPONED.collecting,
        debug_flags=gc.get_debug(),
        frozen=gc.get_freeze_count(),
        garbage=len(gc.garbage),
        generations=generations,
        recent=PAUSES.recent() if with_recent else RecentCollections(),
    )
