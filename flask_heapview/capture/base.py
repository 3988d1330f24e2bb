"""What every capture engine offers: the native one, and the portable one for everywhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from ..inspection.code_locations import EndpointCode
from ..inspection.roots import ThreadRoot
from ..isolation.progress_page import Board
from ..model.gc import Gc
from ..model.process import Process, Readings
from ..model.resources import ThreadRow
from ..model.snapshot import Kind, Snapshot, SnapshotInfo
from ..process import glibc
from ..process.collector import read_gc
from ..process.level_history import Footprint
from ..process.memory import read_process
from ..process.resources import thread_rows

Advance = Callable[[str, int, int], None]  # phase, done, total


class Estimate(msgspec.Struct, frozen=True):
    """What a capture will cost before it is made."""

    bytes: int  # memory it adds while it runs
    seconds: float  # until the result
    stall_seconds: float  # how long the service stands still


class Facts(msgspec.Struct):
    """What only the service itself can tell, gathered just before the fork."""

    info: SnapshotInfo
    pid: int
    forked: bool
    threads: Sequence[ThreadRoot]
    thread_rows: list[ThreadRow]
    process: Process
    gc: Gc
    endpoints: Sequence[EndpointCode]
    caches: Mapping[str, object]
    show_values: bool


class Wanted(msgspec.Struct):
    """What a capture is to be of."""

    worker: str
    label: str = ""
    kind: Kind = "ownership"
    requests: Mapping[str, int] = {}
    endpoints: Sequence[EndpointCode] = ()
    caches: Mapping[str, object] = {}
    show_values: bool = False
    footprint: Footprint | None = None

    def readings(self) -> Readings:
        """What the process took between requests, where anybody noted it."""
        return Readings() if self.footprint is None else self.footprint.readings()


class Sink(Protocol):
    """Where captures go: the store."""

    @property
    def directory(self) -> Path: ...
    def new_id(self) -> str: ...
    def begin(self, info: SnapshotInfo) -> Board: ...
    def save(self, snapshot: Snapshot) -> None: ...
    def has(self, snapshot_id: str) -> bool: ...
    def part(self, snapshot_id: str) -> Path: ...
    def fail(self, info: SnapshotInfo, reason: str) -> None: ...
    def end(self, snapshot_id: str) -> None: ...
    def tidy(self) -> None: ...


class Task(msgspec.Struct):
    """A capture that was announced: what, for whom, and until when."""

    wanted: Wanted
    info: SnapshotInfo
    sink: Sink
    board: Board
    deadline: float  # seconds

    def facts(self, forked: bool, threads: Sequence[ThreadRoot]) -> Facts:
        """Asks the service, as late as possible."""
        return Facts(
            info=self.info,
            pid=os.getpid(),
            forked=forked,
            threads=threads,
            thread_rows=thread_rows(),
            process=self._process(),
            gc=read_gc(),
            endpoints=self.wanted.endpoints,
            caches=self.wanted.caches,
            show_values=self.wanted.show_values,
        )

    def _process(self) -> Process:
        found = read_process()
        return msgspec.structs.replace(
            found,
            readings=self.wanted.readings(),
            allocators=msgspec.structs.replace(found.allocators, arenas=glibc.arenas()),
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

    def estimate(self, kind: Kind = "ownership") -> Estimate:
        """The cost of a capture now."""

    def take(self, task: Task) -> None:
        """Looks at the heap of this process and hands the snapshot to the sink.

        Raises ChildFailed, HeapViewError, OSError or MemoryError.
        """
