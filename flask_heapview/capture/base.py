"""What every capture engine offers: the native one, and the portable one for everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec

from ..inspection.code_locations import EndpointCode
from ..inspection.distributions import import_path, libc_version, python_version
from ..isolation import own_resources
from ..isolation.progress_page import ProgressPage
from ..model.base import Model
from ..model.gc import Gc
from ..model.process import Process, Readings
from ..model.resources import ThreadRow
from ..model.snapshot import EngineName, Kind, Requests, Snapshot, SnapshotInfo
from ..process import glibc
from ..process.collector import read_gc
from ..process.level_history import LevelHistory
from ..process.memory import read_process
from ..process.resources import thread_rows


class CaptureCost(msgspec.Struct, frozen=True):
    """What a capture will cost before it is made."""

    bytes: int  # memory it adds while it runs
    seconds: float  # until the result
    stall_seconds: float  # how long the service stands still


class ServiceFacts(Model, frozen=True):
    """What only the service itself can tell, gathered just before the fork."""

    process: Process
    gc: Gc
    thread_rows: list[ThreadRow]
    python: str = ""  # its version
    libc: str = ""  # name and version
    import_path: list[str] = []
    own_open: list[int] = []  # addresses of objects that hold something open for us


class CaptureRequest(msgspec.Struct):
    """What somebody asks to be captured, and what the mounted app adds to it."""

    worker: str
    label: str = ""
    kind: Kind = "ownership"
    engine: EngineName = "auto"
    requests: Mapping[str, int] = {}  # served so far, by endpoint
    counts: Callable[[], Requests] | None = None  # in place of these, where no app counts
    endpoints: Sequence[EndpointCode] = ()
    caches: Mapping[str, object] = {}  # that the app registered, by name
    show_values: bool = False
    level_history: LevelHistory | None = None
    app_module: str = ""  # in which the app is defined
    app: object | None = None  # the mounted one

    def counted(self) -> Requests:
        """The requests so far, and who counts them."""
        if self.counts is not None:
            return self.counts()
        endpoints = dict(self.requests)
        return Requests(total=sum(endpoints.values()), endpoints=endpoints)

    def readings(self) -> Readings:
        """The levels read between requests; none where nobody reads them."""
        return Readings() if self.level_history is None else self.level_history.readings()


class SnapshotSink(Protocol):
    """Where captures go: the store."""

    @property
    def directory(self) -> Path: ...
    def new_id(self) -> str: ...
    def begin(self, info: SnapshotInfo) -> ProgressPage: ...
    def capture_turn(
        self, patience: float, waiting: Callable[[], None]
    ) -> AbstractContextManager[bool]: ...
    def save(self, snapshot: Snapshot) -> None: ...
    def has(self, snapshot_id: str) -> bool: ...
    def part(self, snapshot_id: str) -> Path: ...
    def fail(self, info: SnapshotInfo, reason: str) -> None: ...
    def end(self, snapshot_id: str) -> None: ...
    def tidy(self) -> None: ...


class Capture(msgspec.Struct):
    """A capture that was announced: what is asked, under which id, where it goes, until when."""

    request: CaptureRequest
    info: SnapshotInfo
    sink: SnapshotSink
    page: ProgressPage
    deadline: float  # seconds

    def facts(self) -> ServiceFacts:
        """Asks the service, as late as possible."""
        found = read_process()
        return ServiceFacts(
            process=msgspec.structs.replace(
                found,
                readings=self.request.readings(),
                allocators=msgspec.structs.replace(found.allocators, arenas=glibc.arenas()),
            ),
            gc=read_gc(with_recent=True),
            thread_rows=thread_rows(),
            python=python_version(),
            libc=libc_version(),
            import_path=import_path(),
            own_open=own_resources.addresses(),
        )


class Engine(Protocol):
    """One way to look at the heap."""

    @property
    def name(self) -> str:
        """As snapshots and the overview give it."""

    @property
    def why(self) -> str:
        """Why it is this one, in a sentence."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it can capture."""

    def warm_up(self) -> None:
        """Imports and touches all it needs, so that a child imports nothing."""

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:
        """The cost of a capture now."""

    def capture(self, capture: Capture) -> None:
        """Looks at the heap of this process and hands the snapshot to the sink.

        Raises ChildFailed, HeapViewError, OSError or MemoryError.
        """
