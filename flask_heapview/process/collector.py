"""The collector's figures, and the history of its pauses."""

from __future__ import annotations

import gc
import os
import time
from collections import deque

from ..isolation.postponed import POSTPONED
from ..model.gc import Gc, Generation

MAX_PAUSES = 512  # pauses kept of each generation


class PauseHistory:
    """A gc callback that keeps the last pauses of each generation, in seconds."""

    def __init__(self) -> None:
        self._pauses: tuple[deque[float], ...] = tuple(deque(maxlen=MAX_PAUSES) for _ in range(3))
        self._begin = 0.0
        self._pid = 0

    def install(self) -> None:
        """Begins to listen, once in each process."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        for pauses in self._pauses:
            pauses.clear()
        if self not in gc.callbacks:
            gc.callbacks.append(self)

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
            self._pauses[info["generation"]].append(now - self._begin)

    def figures(self, generation: int) -> tuple[float | None, float | None, float | None]:
        """(p50, p99, longest) of the recent pauses in seconds."""
        pauses = sorted(self._pauses[generation])
        if not pauses:
            return None, None, None
        last = len(pauses) - 1
        return pauses[last // 2], pauses[round(last * 0.99)], pauses[-1]


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
