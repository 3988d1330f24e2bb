"""What stands behind the routes of one mounted app."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import psutil
from flask import Flask

from ..allocations import native_sampler, samples, tracing
from ..capture.base import CaptureRequest
from ..capture.runner import Runner
from ..capture.select import build_log
from ..config import HeapViewConfig
from ..errors import CaptureBusy, Conflict, NotFound
from ..inspection.endpoints import endpoint_codes
from ..isolation import event_loop, resident_reader
from ..isolation.postponed import POSTPONED
from ..isolation.turns import hold
from ..model.api import CaptureState, Estimate, Reader, Status, WatchState, WorkerInfo
from ..model.base import from_json, moment
from ..model.history import History
from ..model.report import Report
from ..model.snapshot import EngineName, Kind, SnapshotInfo
from ..process import memory, pymalloc
from ..process.cgroup import read_container
from ..process.collector import PAUSES, read_gc
from ..process.headroom import left_until_limit, read_headroom
from ..process.identity import worker_id
from ..process.level_history import LevelHistory
from ..process.memory_series import MemorySeries
from ..reports.query_job import Query, What, run_query
from ..request_context import RequestCounter
from ..store.snapshots import Store
from ..workers import boot
from ..workers.base import Outgoing
from ..workers.local import NO_THREADS, LocalWorkers
from ..workers.server_role import threads_run
from .watch import Watch

EXTENSION = "heapview"
WATCH_PATIENCE_SECONDS = 600.0  # that a watch's own thread waits for its verdict's turn


class Service:
    """The state of one mounted app: settings, store, captures, counter."""

    def __init__(
        self,
        config: HeapViewConfig,
        store: Store,
        runner: Runner,
        caches: Mapping[str, object],
    ) -> None:
        self.config, self.store, self.runner = config, store, runner
        self.caches = caches
        self.counter = RequestCounter()
        self.memory_series = MemorySeries(self._served)
        self.level_history = LevelHistory(self.counter, self.memory_series)
        self._door: Callable[[dict[str, Any]], Outgoing] | None = None
        self.workers = LocalWorkers(
            store.directory, self.own_worker, self._through_the_door, self.is_idle
        )
        self.blueprint = EXTENSION
        self.is_live = True  # False over downloaded snapshots: no worker is behind the pages
        self._pid = self._serving = 0
        self._id = ""
        self._adopting = threading.Lock()
        self._watch: tuple[int, Watch] | None = None  # of the process that began it
        self._verdict: tuple[tuple[str | None, str], Report] | None = None

    # --- this worker

    def count(self, endpoint: str | None, own: bool = False) -> None:
        """Called for every request of the app: the whole price of being mounted. `own` is one of
        the page's."""
        if self._serving != os.getpid():
            self._begin_to_serve()
        self.level_history.begin(own)
        self.counter.add(endpoint)

    def _begin_to_serve(self) -> None:
        """The first request that this process serves."""
        if self._pid != os.getpid():
            self._adopt()
        self._serving = os.getpid()
        event_loop.remember()
        self.workers.served()

    def ended(self) -> None:
        """Called after every request of the app."""
        self.level_history.end()

    def _adopt(self) -> None:
        """Begins anew in a process: a preloaded app was made in another one."""
        with self._adopting:
            if self._pid == os.getpid():
                return
            self.counter.clear()
            self.level_history.clear()
            self.memory_series.clear()
            self._id = worker_id(os.getpid())
            self._pid = os.getpid()

    @property
    def worker(self) -> str:
        """This worker's id."""
        if self._pid != os.getpid():
            self._adopt()
        return self._id

    def is_own(self, endpoint: str | None) -> bool:
        """Whether it is one of the blueprint's."""
        return endpoint is not None and endpoint.startswith(self.blueprint + ".")

    def requests(self) -> dict[str, int]:
        """Requests by endpoint, without the blueprint's own."""
        return {k: v for k, v in self.counter.read().items() if not self.is_own(k)}

    def _served(self) -> int:
        return sum(self.requests().values())

    def own_worker(self) -> WorkerInfo:
        """This worker's own figures."""
        own = psutil.Process()
        return WorkerInfo(
            id=self.worker,
            pid=os.getpid(),
            started_at=moment(own.create_time()),
            rss=own.memory_info().rss,
            requests=self._served(),
            self=True,
            allocations={"mode": tracing.mode(), "native": native_sampler.state()},
        )

    def open_to_workers(self, door: Callable[[dict[str, Any]], Outgoing]) -> None:
        """From now on this process is listed as soon as it serves. `door` answers what comes over
        its socket."""
        self._door = door
        event_loop.remember()
        boot.begin(self.workers)

    def _through_the_door(self, environ: dict[str, Any]) -> Outgoing:
        assert self._door is not None  # there is no socket before
        return self._door(environ)

    def is_idle(self) -> bool:
        """Whether this process has not served a request yet."""
        return self._pid != os.getpid() or not self.counter.read()

    def visited(self) -> None:
        """Somebody uses the page: from now on pauses are noted."""
        PAUSES.install()
        self.store.open()

    # --- captures

    def capture(
        self, app: Flask, label: str, kind: Kind, engine: EngineName = "auto"
    ) -> SnapshotInfo:
        """Starts a capture; see Runner.start for what is raised. Where no thread runs between
        requests, this one waits for its end."""
        POSTPONED.allow()
        begin = self.runner.start if threads_run() else self.runner.take
        return begin(
            CaptureRequest(
                worker=self.worker,
                label=label,
                kind=kind,
                engine=engine,
                requests=self.requests(),
                endpoints=endpoint_codes(app.view_functions, self.blueprint),
                app_module=app.import_name,
                app=app,
                caches=dict(self.caches),
                show_values=self.config.show_values,
                level_history=self.level_history,
            ),
            self.store,
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
        made = Watch(
            lambda label: self.capture(app, label, "ownership"),
            self.store.info,
            self._served,
            lambda base, target: run_query(
                self._query("report", base=base, target=target), WATCH_PATIENCE_SECONDS
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
            data = self.run_query("report", base=base, target=target)
            self._verdict = (base, target), from_json(data, Report)
        return self._verdict[1]

    def status(self) -> Status:
        """Live figures of this worker (bytes and seconds)."""
        self.memory_series.note()
        found = pymalloc.with_pymalloc(memory.read_process())
        return Status(
            worker=self.workers.me(),
            process=found,
            container=found.container,
            allocator=found.allocators,
            gc=read_gc(),
            headroom=read_headroom(found.container),
            capture=self._captures(),
            requests=self.requests(),
            pauses=PAUSES.totals(),
            sampled=samples.live_bytes(),
            reader=self._reader(),
        )

    def _reader(self) -> Reader | None:
        pid = resident_reader.reader_of(self.store.directory)
        resident = None if pid is None else resident_reader.resident_bytes(pid)
        if pid is None or resident is None:
            return None
        return Reader(pid=pid, resident=resident, idle_seconds=resident_reader.idle_seconds())

    def history(self) -> History:
        """This worker's memory over time, and what is left."""
        container = read_container()
        left, bound = left_until_limit(container)
        return msgspec.structs.replace(
            self.memory_series.history(),
            worker=self.worker,
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

    # --- reading and comparing, in another process

    def run_query(self, what: What, **fields: Any) -> bytes:
        """An answer about snapshots, as JSON. Raises HeapViewError, HelpersBusy at once."""
        return run_query(self._query(what, **fields))

    def _query(self, what: What, **fields: Any) -> Query:
        return Query(directory=str(self.store.directory), what=what, **fields)
