"""The answers of the API, so that their JSON Schema can be published and checked."""

from __future__ import annotations

from typing import Any, Literal

from .base import Model
from .gc import Gc, Pauses
from .process import Allocators, Container, Headroom, Process
from .snapshot import SnapshotInfo
from .worker_info import WorkerInfo


class Estimate(Model, frozen=True):
    """What a capture will cost."""

    bytes: int  # that the child will take
    seconds: float  # until it is done
    stall_seconds: float  # that the service stands still for the fork


class CaptureState(Model, frozen=True):
    engine: str
    why: str  # why it is this engine
    build_log: str  # the compiler's last lines, where the native core's build failed
    kinds: list[str]  # what it can capture; nothing where no engine can run
    mode: str
    estimate: Estimate


class Workers(Model, frozen=True):
    workers: list[WorkerInfo]


class Reader(Model, frozen=True):
    """The process that reads snapshots for all workers of this host."""

    pid: int
    resident: int  # bytes
    idle_seconds: float  # without a question, after which it ends


class Status(Model, frozen=True):
    worker: WorkerInfo
    process: Process
    container: Container
    allocator: Allocators
    gc: Gc
    headroom: Headroom
    capture: CaptureState
    requests: dict[str, int] = {}  # served by this worker, by endpoint
    pauses: list[Pauses] = []  # of the collector, by generation
    sampled: dict[str, int] | None = None  # estimated live bytes by endpoint; None: not sampled
    reader: Reader | None = None  # None while there is none


class Started(Model, frozen=True):
    id: str
    state: str
    worker: str = ""


class NotDone(Model, frozen=True):
    """Why one of several workers did not do what all were asked for."""

    worker: str
    error: str


class AllStarted(Model, frozen=True):
    snapshots: list[Started | NotDone]


class Snapshots(Model, frozen=True):
    snapshots: list[SnapshotInfo]
    damaged: list[str]  # ids of files that cannot be read


class Tracing(Model, frozen=True):
    mode: str  # `sampled`, `exact` or `off`
    frames: int  # kept of each traceback
    worker: str  # its id
    native: bool = False  # whether native memory is sampled


class Trimmed(Model, frozen=True):
    """What the C library gave back (bytes)."""

    before: int  # resident
    after: int
    freed: int
    meaning: str  # for a person
    worker: str


class RehearsedCollection(Model, frozen=True):
    """What a full collection would free, by the newest snapshot of the worker."""

    meaning: str  # for a person
    objects: int | None = None  # none without a snapshot
    bytes: int | None = None
    snapshot: str | None = None  # its id
    taken_at: str | None = None  # when it was taken


class RehearsedTrim(Model, frozen=True):
    """What the C library would give back (bytes), as a forked child has tried it."""

    before: int  # resident
    after: int  # as it would be
    freed: int
    pause_ms: float  # that the service stood still for the fork
    meaning: str  # for a person
    worker: str
    collection: RehearsedCollection  # beside it: what a collection would free


class WatchState(Model, frozen=True):
    """A series of snapshots that is taken by itself."""

    state: Literal["running", "done", "stopped", "failed"]
    times: int = 0
    every_requests: int | None = None
    every_seconds: float | None = None
    snapshots: list[str] = []  # ids of those that are done
    requests: int = 0  # served since the last one
    seconds: float = 0.0  # since the last one
    worker: str = ""
    verdict: str | None = None  # of the first and the last, when it is done
    summary: str = ""
    error: str | None = None


class Collected(Model, frozen=True):
    """A full collection."""

    found: int  # unreachable objects
    freed: dict[str, int]  # objects by type
    garbage: int  # objects that cannot be freed: `gc.garbage`
    seconds: float
    worker: str  # its id


class Nothing(Model, frozen=True):
    """It was done, and there is nothing to say."""


class Pinned(Model, frozen=True):
    id: str
    pinned: bool


class Problem(Model, frozen=True):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class ViewOf(Model, frozen=True):
    """One view of one snapshot; `data` is of the view's own type."""

    snapshot: SnapshotInfo
    view: str
    data: Any


class DiffOf(Model, frozen=True):
    """The differences of two snapshots, by view."""

    base: SnapshotInfo
    target: SnapshotInfo
    views: dict[str, Any]
