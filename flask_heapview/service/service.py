"""What stands behind the routes of one mounted app."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from ..allocations import native_sampler, tracing
from ..config import HeapViewConfig
from ..isolation import event_loop
from ..model.base import moment
from ..model.query import Query, What
from ..model.worker_info import WorkerInfo
from ..process.collector import PAUSES
from ..process.identity import worker_id
from ..process.level_history import LevelHistory
from ..process.memory_series import MemorySeries
from ..request_context import RequestCounter
from ..workers import boot
from ..workers.base import Outgoing
from ..workers.local import LocalWorkers

if TYPE_CHECKING:
    from ..capture.runner import Runner
    from ..store.snapshots import Store
    from .inspector import Inspector

EXTENSION = "heapview"


class Service:
    """The state of one mounted app: settings, workers, counter.

    What only who looks at it needs is made when somebody first does: the store, and what takes
    captures, which `make_runner` gives.
    """

    def __init__(
        self,
        config: HeapViewConfig,
        directory: Path,
        make_runner: Callable[[], Runner],
        caches: Mapping[str, object],
    ) -> None:
        self.config, self.directory = config, directory
        self.caches = caches
        self.counter = RequestCounter()
        self.memory_series = MemorySeries(self.served)
        self.level_history = LevelHistory(self.counter, self.memory_series)
        self._door: Callable[[dict[str, Any]], Outgoing] | None = None
        self.workers = LocalWorkers(
            directory, self.own_worker, self._through_the_door, self.is_idle
        )
        self.blueprint = EXTENSION
        self.is_live = True  # False over downloaded snapshots: no worker is behind the pages
        self._pid = self._serving = 0
        self._id = ""
        self._adopting = threading.Lock()
        self._make_runner = make_runner
        self._making = threading.RLock()
        self._store: Store | None = None
        self._inspector: Inspector | None = None

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

    def served(self) -> int:
        """How many requests that is."""
        return sum(self.requests().values())

    def own_worker(self) -> WorkerInfo:
        """This worker's own figures."""
        own = psutil.Process()
        return WorkerInfo(
            id=self.worker,
            pid=os.getpid(),
            started_at=moment(own.create_time()),
            rss=own.memory_info().rss,
            requests=self.served(),
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

    # --- for who looks at it

    def visited(self) -> None:
        """Somebody uses the page: from now on pauses are noted."""
        PAUSES.install()
        self.store.open()

    @property
    def store(self) -> Store:
        """The snapshots of the app."""
        with self._making:
            if self._store is None:
                from ..isolation import resident_reader
                from ..store.snapshots import Retention, Store

                config = self.config
                resident_reader.stay_for(config.reader_seconds)
                kept = config.keep_count, config.keep_bytes, config.keep_seconds
                self._store = Store(self.directory, Retention(*kept) if self.is_live else None)
            return self._store

    @property
    def inspector(self) -> Inspector:
        """What captures, and gives this worker's figures."""
        with self._making:
            if self._inspector is None:
                from .inspector import Inspector

                self._inspector = Inspector(self, self._make_runner())
            return self._inspector

    def run_query(self, what: What, **fields: Any) -> bytes:
        """An answer about snapshots, as JSON. Raises HeapViewError, HelpersBusy at once."""
        from ..reports.run_query import run_query

        return run_query(self.query(what, **fields))

    def query(self, what: What, **fields: Any) -> Query:
        """A question about the app's snapshots."""
        return Query(directory=str(self.directory), what=what, **fields)
