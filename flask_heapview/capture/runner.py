"""Captures: the guard, the fork, the watch, and the hand-over to the store."""

from __future__ import annotations

import logging
import os
import threading
import time

import msgspec

from ..allocations import tracing
from ..errors import BadRequest, CaptureBusy, HeapViewError
from ..isolation import forked_child
from ..isolation.progress_page import Board
from ..model.snapshot import Requests, SnapshotInfo
from ..process import headroom
from .base import Engine, Sink, Task, Wanted

log = logging.getLogger("flask_heapview")
DEADLINE = 120.0  # seconds a capture may take


class _Busy:
    """One capture at a time in a process, however many apps it serves."""

    def __init__(self) -> None:
        self._owner: tuple[int, str] | None = None
        self._guard = threading.Lock()

    def take(self, name: str) -> None:
        with self._guard:
            if self._owner is not None and self._owner[0] == os.getpid():
                raise CaptureBusy(
                    "A capture already runs in this worker. Wait until it is done.",
                    running=self._owner[1],
                )
            self._owner = (os.getpid(), name)

    def release(self) -> None:
        self._owner = None


_BUSY = _Busy()


class Runner:
    """Takes captures with one engine."""

    def __init__(self, engine: Engine, deadline: float = DEADLINE) -> None:
        self.engine, self.deadline = engine, deadline
        self._warm = 0

    @property
    def forks(self) -> bool:
        """Whether captures run in a child."""
        return forked_child.can_fork()

    def start(self, wanted: Wanted, sink: Sink) -> SnapshotInfo:
        """Starts a capture and returns its status.

        Raises CaptureBusy, NotEnoughMemory with the figures, StoreError, or BadRequest.
        """
        if wanted.kind not in self.engine.kinds:
            raise BadRequest(
                f'The {self.engine.name} engine takes "ownership" captures; "graph" needs the '
                f"native engine. {self.engine.why}".strip()
            )
        info = self._announce(wanted, sink)
        _BUSY.take(info.id)
        try:
            room = headroom.headroom()
            headroom.check(self.engine.estimate(wanted.kind).bytes, room)
            sink.tidy()
            board = sink.begin(info)
        except BaseException:
            _BUSY.release()
            raise
        thread = threading.Thread(
            target=self._run,
            args=(wanted, info, sink, board),
            name="heapview-capture",
            daemon=True,
        )
        try:
            thread.start()
        except BaseException:
            _BUSY.release()
            sink.end(info.id)
            raise
        return info

    def _announce(self, wanted: Wanted, sink: Sink) -> SnapshotInfo:
        counts = dict(wanted.requests)
        return SnapshotInfo(
            id=sink.new_id(),
            state="running",
            worker=wanted.worker,
            taken_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            label=wanted.label,
            kind=wanted.kind,
            engine=self.engine.name,
            requests=Requests(total=sum(counts.values()), endpoints=counts),
            clock=time.monotonic(),
            pid=os.getpid(),
        )

    def _run(self, wanted: Wanted, info: SnapshotInfo, sink: Sink, board: Board) -> None:
        """In a thread of its own, which lives as long as the child and no longer: the kernel ends
        the child when the thread that made it ends (PR_SET_PDEATHSIG)."""
        try:
            with board:
                if self._warm != os.getpid():
                    self.engine.warm_up()
                    self._warm = os.getpid()
                # what it is called is only certain now: warming up may have shown that it is unfit
                info = msgspec.structs.replace(info, engine=self.engine.name)
                tracing.heal()
                self.engine.take(Task(wanted, info, sink, board, self.deadline))
            _BUSY.release()  # before the mark goes: whoever sees "done" may start the next
            sink.end(info.id)
        except (forked_child.ChildFailed, HeapViewError, OSError, MemoryError) as error:
            reason = (
                str(error)
                if isinstance(error, forked_child.ChildFailed)
                else forked_child.describe(error)
            )
            self._failed(info, sink, reason)
        except Exception as error:
            log.exception("flask-heapview: the capture failed")
            self._failed(info, sink, forked_child.describe(error))

    def _failed(self, info: SnapshotInfo, sink: Sink, reason: str) -> None:
        _BUSY.release()
        log.warning("flask-heapview: capture %s failed: %s", info.id, reason)
        sink.fail(info, reason)
