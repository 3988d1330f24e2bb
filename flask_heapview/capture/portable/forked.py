"""Engines that are written in Python: they work in a child that CPython forked."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import msgspec

from ...inspection.roots import ThreadRoot, threads
from ...isolation import forked_child
from ...isolation.progress_page import ProgressPage
from ...isolation.thread_frames import thread_frames
from ...model.snapshot import Kind, Snapshot
from ..base import Capture, CaptureCost, ServiceFacts


class ForkedEngine(ABC):
    """Runs `look` in a forked child; where there is no fork, here and now."""

    kind: str  # the engine's own name
    why = ""
    kinds: frozenset[Kind] = frozenset(("ownership",))

    @property
    def name(self) -> str:
        """As snapshots and the overview give it."""
        return self.kind if forked_child.can_fork() else f"{self.kind}, in-process"

    @abstractmethod
    def warm_up(self) -> None:
        """Imports and touches all it needs, so that the child imports nothing."""

    @abstractmethod
    def estimate(self, kind: Kind = "ownership") -> CaptureCost:
        """The cost of a capture now."""

    @abstractmethod
    def look(
        self, capture: Capture, facts: ServiceFacts, threads: Sequence[ThreadRoot], forked: bool
    ) -> Snapshot:
        """Looks at the heap of the calling process; runs in the child where there is a fork."""

    def capture(self, capture: Capture) -> None:
        """See Engine.capture."""
        if not forked_child.can_fork():
            self._work(capture, False, time.perf_counter())()
            return
        for last in (False, True):
            work = self._work(capture, True, time.perf_counter())
            forked = forked_child.spawn(work, capture.page, capture.deadline, keep=())
            try:
                forked.watch(capture.page, capture.deadline)
            except TimeoutError:
                if last:
                    raise forked_child.ChildFailed(
                        "the child process hung twice at a lock that another thread held; "
                        "capture again when the service is less busy"
                    ) from None
                continue
            finally:
                forked.close()
            if not capture.sink.has(capture.info.id):  # somebody else took its exit status
                raise forked_child.ChildFailed(
                    "the child process ended without a result: it was killed"
                )
            return

    def _work(self, capture: Capture, forked: bool, begin: float) -> Callable[[], None]:
        """The work of the child; what only the service can tell is gathered here, before it."""
        facts, page = capture.facts(), capture.page
        with thread_frames() as frames:
            others = threads(frames)

        def work() -> None:
            snapshot = self.look(capture, facts, others, forked)
            total = page.progress().total
            page.advance("writing", total, total)
            capture.sink.save(finish(snapshot, page, begin, forked))

        return work


def finish(snapshot: Snapshot, page: ProgressPage, begin: float, forked: bool) -> Snapshot:
    """The snapshot with what it cost."""
    duration = (time.perf_counter() - begin) * 1000
    progress = page.progress()
    info = msgspec.structs.replace(
        snapshot.info,
        state="done",
        progress=msgspec.structs.replace(progress, done=progress.total),
        duration_ms=round(duration, 1),
        pause_ms=round(page.pause_ns / 1e6 if forked else duration, 1),
        extra_bytes=private_dirty() if forked else None,
    )
    return msgspec.structs.replace(snapshot, info=info)


def private_dirty() -> int | None:
    """Bytes of memory that only this process has, from /proc/self/smaps_rollup."""
    try:
        with open("/proc/self/smaps_rollup") as file:
            for line in file:
                if line.startswith("Private_Dirty:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
