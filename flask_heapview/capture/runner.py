"""Captures: the guard, the fork, the watch, and the hand-over to the store."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from ..errors import BadRequest, CaptureBusy, HeapViewError
from ..model.snapshot import Kind, Requests, Snapshot, SnapshotInfo
from . import child, headroom
from .engine import Engine, Facts
from .gc_state import read_gc
from .process import read_process
from .progress import Board
from .resources import thread_rows
from .roots import threads
from .sites import EndpointCode

log = logging.getLogger("flask_heapview")
DEADLINE = 120.0  # seconds a capture may take


class Sink(Protocol):
    """Where captures go: the store."""

    def new_id(self) -> str: ...
    def begin(self, info: SnapshotInfo) -> Board: ...
    def save(self, snapshot: Snapshot) -> None: ...
    def has(self, snapshot_id: str) -> bool: ...
    def fail(self, info: SnapshotInfo, reason: str) -> None: ...
    def end(self, snapshot_id: str) -> None: ...
    def tidy(self) -> None: ...


class Wanted(msgspec.Struct):
    """What a capture is to be of."""

    worker: str
    label: str = ""
    kind: Kind = "ownership"
    requests: Mapping[str, int] = {}
    endpoints: Sequence[EndpointCode] = ()
    caches: Mapping[str, object] = {}
    show_values: bool = False


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
        return child.can_fork()

    def start(self, wanted: Wanted, sink: Sink) -> SnapshotInfo:
        """Starts a capture and returns its status.

        Raises CaptureBusy, NotEnoughMemory with the figures, StoreError, or BadRequest.
        """
        if wanted.kind != "ownership":
            raise BadRequest(
                'The portable engine takes "ownership" captures; "graph" needs the native engine.'
            )
        info = self._announce(wanted, sink)
        _BUSY.take(info.id)
        try:
            room = headroom.headroom()
            headroom.check(self.engine.estimate().bytes, room)
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
            engine=self.engine.name if self.forks else f"{self.engine.name}, in-process",
            requests=Requests(total=sum(counts.values()), endpoints=counts),
            clock=time.monotonic(),
            pid=os.getpid(),
        )

    def _run(self, wanted: Wanted, info: SnapshotInfo, sink: Sink, board: Board) -> None:
        """In a thread of its own, which lives as long as the child and no longer: the kernel ends
        the child when the thread that made it ends (PR_SET_PDEATHSIG)."""
        try:
            with board:
                self._attempt(wanted, info, sink, board)
            _BUSY.release()  # before the mark goes: whoever sees "done" may start the next
            sink.end(info.id)
        except (child.ChildFailed, HeapViewError, OSError, MemoryError) as error:
            reason = str(error) if isinstance(error, child.ChildFailed) else child.describe(error)
            self._failed(info, sink, reason)
        except Exception as error:
            log.exception("flask-heapview: the capture failed")
            self._failed(info, sink, child.describe(error))

    def _failed(self, info: SnapshotInfo, sink: Sink, reason: str) -> None:
        _BUSY.release()
        log.warning("flask-heapview: capture %s failed: %s", info.id, reason)
        sink.fail(info, reason)

    def _attempt(self, wanted: Wanted, info: SnapshotInfo, sink: Sink, board: Board) -> None:
        if self._warm != os.getpid():
            self.engine.warm_up()
            self._warm = os.getpid()
        if not self.forks:
            self._job(wanted, info, sink, board, time.perf_counter())()
            return
        for last in (False, True):
            begin = time.perf_counter()
            work = self._job(wanted, info, sink, board, begin)
            forked = child.spawn(work, board, self.deadline, keep=())
            try:
                forked.watch(board, self.deadline)
            except TimeoutError:
                if last:
                    raise child.ChildFailed(
                        "the child hung twice at a lock that another thread held at the fork; "
                        "capture again when the service is quieter"
                    ) from None
                continue
            finally:
                forked.close()
            if not sink.has(info.id):  # somebody else took its exit status
                raise child.ChildFailed("the child process ended without a result: it was killed")
            return

    def _job(
        self, wanted: Wanted, info: SnapshotInfo, sink: Sink, board: Board, begin: float
    ) -> Callable[[], None]:
        """The work of the child; what only the service can tell is gathered here, before it."""
        facts = Facts(
            info=info,
            pid=os.getpid(),
            forked=self.forks,
            thread_rows=thread_rows(),
            process=read_process(),
            gc=read_gc(),
            endpoints=wanted.endpoints,
            caches=wanted.caches,
            show_values=wanted.show_values,
            threads=threads(),
        )

        def work() -> None:
            snapshot = self.engine.capture(facts, board.advance)
            board.advance("writing", *_counts(board))
            sink.save(finish(snapshot, board, begin, facts.forked))

        return work


def _counts(board: Board) -> tuple[int, int]:
    progress = board.progress()
    return progress.total, progress.total


def finish(snapshot: Snapshot, board: Board, begin: float, forked: bool) -> Snapshot:
    """The snapshot with what it cost."""
    duration = (time.perf_counter() - begin) * 1000
    progress = board.progress()
    info = msgspec.structs.replace(
        snapshot.info,
        state="done",
        progress=msgspec.structs.replace(progress, done=progress.total),
        duration_ms=round(duration, 1),
        pause_ms=round(board.pause_ns / 1e6 if forked else duration, 1),
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
