"""A snapshot: who took it, what it cost, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import field
from msgspec.structs import replace

from .allocations import Allocations
from .base import NAME_SEPARATOR, Model
from .caches import Caches
from .cycles import Cycles
from .gc import Gc
from .heap import Heap
from .libraries import Libraries
from .native import NativeMemory
from .ownership import Ownership
from .process import Process
from .resources import Resources
from .retained import Retained

SCHEMA = "flask-heapview/snapshot/1"
State = Literal["running", "done", "failed"]
Kind = Literal["ownership", "graph"]
CountedBy = Literal["app", "server", "nobody"]
EngineName = Literal["auto", "native", "portable"]  # auto: the one that is in use


class Progress(Model, frozen=True):
    """How far a capture is."""

    done: int = 0  # units
    total: int = 0  # units; 0 while it is not known
    unit: str = "objects"
    phase: str = ""  # what it does now, for a person


def requests_of(counts: Mapping[str, int], endpoint: str) -> int:
    """An endpoint's requests. Where the app gave them names, those of all names together."""
    named = endpoint + NAME_SEPARATOR
    return counts.get(endpoint, 0) + sum(n for k, n in counts.items() if k.startswith(named))


class Requests(Model, frozen=True):
    """Requests served by the worker since it began, the blueprint's own left out.

    A mounted app counts them by endpoint. In an attached process the server may have their total,
    and no endpoints. Where nobody counts, the total is 0 and means nothing.
    """

    total: int = 0
    endpoints: dict[str, int] = {}  # by endpoint, or by the name that the app gave
    counted_by: CountedBy = "app"

    @property
    def known(self) -> bool:
        """Whether the total means anything."""
        return self.counted_by != "nobody"


class SnapshotInfo(Model, frozen=True):
    """The status of a snapshot, as GET snapshots/ID gives it."""

    id: str
    state: State
    worker: str  # its id
    taken_at: str  # RFC 3339, UTC
    label: str = ""  # as it was given
    kind: Kind = "ownership"
    progress: Progress = field(default_factory=Progress)  # how far it is
    error: str | None = None  # why it failed, for a person
    pause_ms: float | None = None  # how long the service stood still
    duration_ms: float | None = None  # until it was stored
    extra_bytes: int | None = None  # private memory of the child at its end
    size: int | None = None  # bytes on disk
    engine: str = ""  # which one took it, and how
    requests: Requests = Requests()  # served by the worker until then
    pinned: bool = False  # whether the limits pass it over
    clock: float = 0.0  # seconds of the machine's monotonic clock, to tell intervals
    pid: int = 0  # of the worker
    garbage_objects: int | None = None  # cyclic garbage: what a collection would have freed
    garbage_bytes: int | None = None

    @property
    def engine_kind(self) -> str:
        """Which engine it was, wherever that worked: "native" also of "native, in-process"."""
        return self.engine.partition(",")[0]


class Snapshot(Model, frozen=True):
    """All that one capture found."""

    info: SnapshotInfo
    heap: Heap = Heap()
    ownership: Ownership = Ownership()
    gc: Gc = Gc()
    cycles: Cycles = Cycles()
    caches: Caches = Caches()
    allocations: Allocations = Allocations()
    native: NativeMemory = NativeMemory()
    resources: Resources = Resources()
    process: Process = field(default_factory=Process)
    retained: Retained = Retained()
    libraries: Libraries = Libraries()
    imported: list[str] = []  # modules that the child had to import: none, if all is well

    def without_values(self) -> Snapshot:
        """The same, without a key of the app's dictionaries."""
        caches = [replace(cache, keys=[]) for cache in self.caches.caches]
        return replace(self, caches=replace(self.caches, caches=caches))

    @property
    def has_values(self) -> bool:
        """Whether it has such a key."""
        return self != self.without_values()

    @property
    def whole(self) -> bool:
        """Whether all that names a place by its number names one that is there."""
        owners = self.ownership.stacks
        return (
            owners.whole
            and all(0 <= holder.node < len(owners) for holder in self.ownership.holders)
            and all(
                known.stacks.whole
                and all(0 <= frame < len(known.stacks.frames) for frame in known.app_frames)
                for known in (self.allocations, self.native)
            )
        )
