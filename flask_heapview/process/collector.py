"""The collector's figures, and the history of its pauses."""

from __future__ import annotations

import gc
import os
import time
from bisect import bisect_left
from collections import deque

from ..isolation.postponed import POSTPONED
from ..model.gc import Gc, Generation, Pauses

MAX_PAUSES = 512  # pauses kept of each generation
BOUNDS = (0.0005, 0.002, 0.01, 0.05, 0.2, 1.0)  # seconds: how long pauses are told apart
GENERATIONS = range(3)


class PauseHistory:
    """A gc callback that keeps the last pauses of each generation, in seconds."""

    def __init__(self) -> None:
        self._pauses = [deque[float](maxlen=MAX_PAUSES) for _ in GENERATIONS]
        self._forget()
        self._begin = 0.0
        self._pid = 0

    def install(self) -> None:
        """Begins to listen, once in each process."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        for pauses in self._pauses:
            pauses.clear()
        self._forget()
        if self not in gc.callbacks:
            gc.callbacks.append(self)

    def _forget(self) -> None:
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
            self._pauses[generation].append(pause)
            self._counts[generation][bisect_left(BOUNDS, pause)] += 1
            self._seconds[generation] += pause

    def figures(self, generation: int) -> tuple[float | None, float | None, float | None]:
        """(p50, p99, longest) of the recent pauses in seconds."""
        pauses = sorted(self._pauses[generation])
        if not pauses:
            return None, None, None
        last = len(pauses) - 1
        return pauses[last // 2], pauses[round(last * 0.99)], pauses[-1]

    def seconds(self) -> float | None:
        """All pauses since `install` together; None in a process where nobody listens."""
        return sum(self._seconds) if self._pid == os.getpid() else None

    def totals(self) -> list[Pauses]:
        """All pauses since `install`, by generation."""
        pairs = zip(self._counts, self._seconds, strict=True)
        return [Pauses(list(BOUNDS), list(counts), seconds) for counts, seconds in pairs]


PAUSES = PauseHistory()  # the collector is one for the process, whatever the number of apps


def read_gc() -> Gc:
    """The collector's state; collects nothing."""
    generations = []
    stats, thresholds, counts = gc.get_stats(), gc.get_threshold(), gc.get_count()
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
    )
