"""What is done for who looks at a service: captures, watches, figures and verdicts of this worker.

It is loaded when somebody first looks: with the engines it is most of what a mounted service would
otherwise carry all the time.
"""

from __future__ import annotations

import os

import msgspec
from flask import Flask

from ..allocations import samples
from ..capture.base import CaptureRequest
from ..capture.runner import Runner
from ..capture.select import build_log
from ..errors import CaptureBusy, Conflict, NotFound
from ..inspection.endpoints import endpoint_codes
from ..isolation import resident_reader
from ..isolation.postponed import POSTPONED
from ..isolation.turns import hold
from ..model.api import CaptureState, Estimate, Reader, Status, WatchState
from ..model.base import from_json
from ..model.history import History
from ..model.report import Report
from ..model.snapshot import EngineName, Kind, SnapshotInfo
from ..process import memory, pymalloc
from ..process.cgroup import read_container
from ..process.collector import PAUSES, read_gc
from ..process.headroom import left_until_limit, read_headroom
from ..reports.run_query import run_query
from ..workers.local import NO_THREADS
from ..workers.server_role import threads_run
from .service import Service
from .watch import Watch

WATCH_PATIENCE_SECONDS = 600.0  # that a watch's own thread waits for its verdict's turn


class Inspector:
    """One mounted app's, in this process."""

    def __init__(self, service: Service, runner: Runner) -> None:
        self._service, self.runner = service, runner
        self._watch: tuple[int, Watch] | None = None  # of the process that began it
        self._verdict: tuple[tuple[str | None, str], Report] | None = None

    # --- captures

    def capture(
        self, app: Flask, label: str, kind: Kind, engine: EngineName = "auto"
    ) -> SnapshotInfo:
        """Starts a capture; see Runner.start for what is raised. Where no thread runs between
        requests, this one waits for its end."""
        here = self._service
        POSTPONED.allow()
        begin = self.runner.start if threads_run() else self.runner.take
        return begin(
            CaptureRequest(
                worker=here.worker,
                label=label,
                kind=kind,
                engine=engine,
                requests=here.requests(),
                endpoints=endpoint_codes(app.view_functions, here.blueprint),
                app_module=app.import_name,
                app=app,
                caches=dict(here.caches),
                show_values=here.config.show_values,
                level_history=here.level_history,
            ),
            here.store,
        )

    def watch(
        self, app: Flask, times: int, requests: int | None, seconds: float | None
    ) -> WatchState:
        """Begins a series of snapshots. Raises NoEngine, BadRequest, CaptureBusy, or Conflict."""
        self.runner.require("ownership")
        if not threads_run():
            raise Conflict(f"A watch waits in a thread. {NO_THREADS}")
        going_on = self._own_watch()
        if going_on is not None and going_on.running:
            raise CaptureBusy("A watch already runs in this worker. Stop it first, or wait.")
        here = self._service
        made = Watch(
            lambda label: self.capture(app, label, "ownership"),
            here.store.info,
            here.served,
            lambda base, target: run_query(
                here.query("report", base=base, target=target), WATCH_PATIENCE_SECONDS
            ),
        )
        made.start(times, requests, seconds)
        self._watch = os.getpid(), made
        return made.progress()

    def watching(self) -> WatchState | None:
        """The last series of this worker, if there was any."""
        found = self._own_watch()
        return found.progress() if found is not None else None

    def _own_watch(self) -> Watch | None:
        """That of this very process: a forked one has none yet."""
        found = self._watch
        return found[1] if found is not None and found[0] == os.getpid() else None

    def unwatch(self) -> None:
        """Ends the series. Raises NotFound when none goes on."""
        found = self._own_watch()
        if found is None or not found.running:
            raise NotFound("No watch runs in this worker.")
        found.stop()

    def verdict(self, base: str | None, target: str) -> Report:
        """The report on two snapshots, or on one, for a request; the last one asked for is kept.
        Raises HeapViewError."""
        if self._verdict is None or self._verdict[0] != (base, target):
            hold()
            data = self._service.run_query("report", base=base, target=target)
            self._verdict = (base, target), from_json(data, Report)
        return self._verdict[1]

    # --- figures

    def status(self) -> Status:
        """Live figures of this worker (bytes and seconds)."""
        here = self._service
        here.memory_series.note()
        found = pymalloc.with_pymalloc(memory.read_process())
        return Status(
            worker=here.workers.me(),
            process=found,
            container=found.container,
            allocator=found.allocators,
            gc=read_gc(),
            headroom=read_headroom(found.container),
            capture=self._captures(),
            requests=here.requests(),
            pauses=PAUSES.totals(),
            sampled=samples.live_bytes(),
            reader=self._reader(),
        )

    def _reader(self) -> Reader | None:
        pid = resident_reader.reader_of(self._service.directory)
        resident = None if pid is None else resident_reader.resident_bytes(pid)
        if pid is None or resident is None:
            return None
        return Reader(pid=pid, resident=resident, idle_seconds=resident_reader.idle_seconds())

    def history(self) -> History:
        """This worker's memory over time, and what is left."""
        here, container = self._service, read_container()
        left, bound = left_until_limit(container)
        return msgspec.structs.replace(
            here.memory_series.history(),
            worker=here.worker,
            left=left,
            bound=bound,
            limit=container.limit,
        )

    def _captures(self) -> CaptureState:
        """How this worker takes captures, and what one would cost now."""
        engine = self.runner.engine
        cost = engine.estimate()
        return CaptureState(
            engine=engine.name,
            why=engine.why,
            build_log=build_log(),
            kinds=sorted(engine.kinds),
            mode=self.runner.mode,
            estimate=Estimate(
                bytes=cost.bytes,
                seconds=cost.seconds,
                # where nothing forks, it stands still all the time
                stall_seconds=cost.stall_seconds if self.runner.forks else cost.seconds,
            ),
        )
