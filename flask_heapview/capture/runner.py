"""Captures: the guard, the fork, the watch, and the hand-over to the store."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from ..allocations import native_sampler, tracing
from ..errors import BadRequest, CaptureBusy, HeapViewError, NoEngine
from ..isolation import forked_child
from ..model.base import moment
from ..model.snapshot import EngineName, Kind, SnapshotInfo
from ..process import headroom
from .base import Capture, CaptureRequest, Engine, SnapshotSink
from .portable.available import portable_engine

log = logging.getLogger("flask_heapview")


BY_NAME = "It was asked for by its name."


def is_engine(engine: Engine, name: str) -> bool:
    """Whether it is the engine of that name, wherever it works."""
    return engine.name.partition(",")[0] == name


class _CaptureLock:
    """One capture at a time in a process, however many apps it serves."""

    def __init__(self) -> None:
        self._owner: tuple[int, str] | None = None
        self._guard = threading.Lock()

    def acquire(self, name: str) -> None:
        with self._guard:
            if self._owner is not None and self._owner[0] == os.getpid():
                raise CaptureBusy(
                    "A capture already runs in this worker. Wait until it is done.",
                    running=self._owner[1],
                )
            self._owner = (os.getpid(), name)

    def release(self) -> None:
        self._owner = None


_CAPTURE_LOCK = _CaptureLock()


class Runner:
    """Takes captures with one engine, each within a deadline (seconds).

    Where a capture asks for the other engine by name, as a second opinion, it is taken with that.
    """

    def __init__(self, engine: Engine, deadline: float) -> None:
        self.engine, self.deadline = engine, deadline
        self._portable: Engine | None = None  # beside `engine`, once somebody has asked for it
        self._warm: dict[int, int] = {}  # the process in which each engine was warmed up, by id

    @property
    def forks(self) -> bool:
        """Whether captures run in a child."""
        return forked_child.can_fork()

    @property
    def mode(self) -> str:
        """Where a capture works, as the overview says it."""
        if not self.engine.kinds:
            return "none"
        return "forked child" if self.forks else "in-process"

    def engine_named(self, name: EngineName) -> Engine:
        """The engine of that name. Raises NoEngine, with the reason, where it cannot run here."""
        if name == "auto" or is_engine(self.engine, name):
            return self.engine
        if name == "native":
            raise NoEngine(f"The native engine is not in use here. {self.engine.why}")
        if self._portable is None:
            found = portable_engine(BY_NAME)
            if isinstance(found, str):
                raise NoEngine(found)
            self._portable = found
        return self._portable

    def require(self, kind: Kind, name: EngineName = "auto") -> Engine:
        """The engine of that name. Raises NoEngine where no capture is possible, BadRequest where
        none of that kind is."""
        engine = self.engine_named(name)
        if not engine.kinds:
            raise NoEngine(engine.why)
        if kind not in engine.kinds:
            raise BadRequest(
                f'A capture of the kind "{kind}" needs the native engine and the graph extension. '
                f"Here is the {engine.name} engine. {engine.why}".strip()
            )
        return engine

    def start(self, request: CaptureRequest, sink: SnapshotSink) -> SnapshotInfo:
        """Starts a capture in a thread of its own and returns its status.

        Raises NoEngine, CaptureBusy, NotEnoughMemory with the figures, StoreError, or BadRequest.
        """
        capture = self._begin(request, sink)
        info = capture.info
        thread = threading.Thread(
            target=self._run, args=(capture,), name="heapview-capture", daemon=True
        )
        try:
            thread.start()
        except BaseException:
            _CAPTURE_LOCK.release()
            sink.end(info.id)
            raise
        return info

    def take(self, request: CaptureRequest, sink: SnapshotSink) -> SnapshotInfo:
        """Takes a capture in the calling thread. How it ended is in the sink.

        Raises NoEngine, CaptureBusy, NotEnoughMemory with the figures, StoreError, or BadRequest.
        """
        capture = self._begin(request, sink)
        self._run(capture)
        return capture.info

    def _begin(self, request: CaptureRequest, sink: SnapshotSink) -> Capture:
        """Announces a capture where one may be taken."""
        engine = self.require(request.kind, request.engine)
        info = self._announce(request, sink, engine)
        _CAPTURE_LOCK.acquire(info.id)
        try:
            self._require_room(request.kind, engine)
            sink.tidy()
            page = sink.begin(info)
        except BaseException:
            _CAPTURE_LOCK.release()
            raise
        return Capture(request, info, sink, page, self.deadline)

    def _require_room(self, kind: Kind, engine: Engine) -> None:
        """Raises NotEnoughMemory with the figures."""
        headroom.require(engine.estimate(kind).bytes, headroom.read_headroom())

    @contextmanager
    def _turn(self, capture: Capture, engine: Engine) -> Iterator[None]:
        """One fork at a time among the workers of an app: their memory may double together.

        Raises NotEnoughMemory where there is no room any more when the turn comes.
        """

        def waiting() -> None:
            capture.page.advance("waiting for another worker", 0, 0)

        with capture.sink.capture_turn(self.deadline, waiting) as waited:
            if waited:
                self._require_room(capture.request.kind, engine)
            yield

    def _announce(
        self, request: CaptureRequest, sink: SnapshotSink, engine: Engine
    ) -> SnapshotInfo:
        return SnapshotInfo(
            id=sink.new_id(),
            state="running",
            worker=request.worker,
            taken_at=moment(),
            label=request.label,
            kind=request.kind,
            engine=engine.name,
            requests=request.counted(),
            clock=time.monotonic(),
            pid=os.getpid(),
        )

    def _run(self, capture: Capture) -> None:
        """In a thread of its own, which lives as long as the child and no longer: the kernel ends
        the child when the thread that made it ends (PR_SET_PDEATHSIG)."""
        info, sink = capture.info, capture.sink
        try:
            engine = self.engine_named(capture.request.engine)
            with capture.page, self._turn(capture, engine):
                self._warm_up(engine, capture.request.engine)
                # what it is called is only certain now: warming up may have shown that it is unfit,
                # and requests went on meanwhile
                capture.info = info = msgspec.structs.replace(
                    info,
                    engine=engine.name,
                    requests=capture.request.counted(),
                    taken_at=moment(),
                    clock=time.monotonic(),
                )
                tracing.restore_hooks()
                native_sampler.before_capture()
                engine.capture(capture)
            _CAPTURE_LOCK.release()  # before the mark goes: whoever sees "done" may start the next
            sink.end(info.id)
        except (forked_child.ChildFailed, HeapViewError, OSError, MemoryError) as error:
            told = isinstance(error, forked_child.ChildFailed | HeapViewError)
            self._failed(info, sink, str(error) if told else forked_child.describe(error))
        except Exception as error:
            log.exception("flask-heapview: the capture failed")
            self._failed(info, sink, forked_child.describe(error))

    def _warm_up(self, engine: Engine, name: EngineName) -> None:
        """Once in each process. Raises NoEngine where it turns out to be another than was asked."""
        if self._warm.get(id(engine)) != os.getpid():
            engine.warm_up()
            self._warm[id(engine)] = os.getpid()
        if name == "native" and not is_engine(engine, name):
            raise NoEngine(engine.why)

    def _failed(self, info: SnapshotInfo, sink: SnapshotSink, reason: str) -> None:
        _CAPTURE_LOCK.release()
        log.warning("flask-heapview: capture %s failed: %s", info.id, reason)
        sink.fail(info, reason)
