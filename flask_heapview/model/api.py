"""The answers of the API, so that their JSON Schema can be published and checked."""

from __future__ import annotations

from typing import Any, Literal

from .base import Model
from .gc import Gc
from .process import Allocators, Container, Headroom, Process
from .snapshot import SnapshotInfo


class Estimate(Model, frozen=True):
    """What a capture will cost."""

    bytes: int
    seconds: float
    stall_seconds: float


class CaptureState(Model, frozen=True):
    engine: str
    why: str  # why it is this engine
    build_log: str  # the compiler's last lines, where the native core's build failed
    kinds: list[str]  # what it can capture; nothing where no engine can run
    mode: str
    estimate: Estimate


class WorkerInfo(Model, frozen=True):
    id: str
    pid: int
    started_at: str
    rss: int | None
    requests: int
    self: bool
    allocations: dict[str, str]


class Workers(Model, frozen=True):
    workers: list[WorkerInfo]


class Status(Model, frozen=True):
    worker: WorkerInfo
    process: Process
    container: Container
    allocator: Allocators
    gc: Gc
    headroom: Headroom
    capture: CaptureState


class Started(Model, frozen=True):
    id: str
    state: str


class Snapshots(Model, frozen=True):
    snapshots: list[SnapshotInfo]
    damaged: list[str]


class Tracing(Model, frozen=True):
    mode: str
    frames: int
    worker: str


class Trimmed(Model, frozen=True):
    """What the C library gave back (bytes)."""

    before: int  # resident
    after: int
    freed: int
    meaning: str  # for a person
    worker: str


class WatchState(Model, frozen=True):
    """A series of snapshots that is taken by itself."""

    state: Literal["running", "done", "stopped", "failed"]
    times: int = 0
    every_requests: int | None = None
    every_seconds: float | None = None
    snapshots: list[str] = []  # ids of those that are done
    requests: int = 0  # served since the last one
    seconds: float = 0.0  # since the last one
    verdict: str | None = None  # of the first and the last, when it is done
    summary: str = ""
    error: str | None = None


class Collected(Model, frozen=True):
    """A full collection."""

    found: int
    freed: dict[str, int]
    garbage: int
    seconds: float
    worker: str


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
