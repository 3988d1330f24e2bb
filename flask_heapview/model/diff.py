"""What changed between two snapshots, view by view."""

from __future__ import annotations

from .base import Model
from .caches import Cache
from .cycles import CycleGroup
from .gc import Gc
from .native import NativeSite
from .process import Process
from .resources import Tally
from .stacks import Stacks


class Change(Model, frozen=True):
    """A figure before and after."""

    name: str
    base: float
    target: float
    delta: float


class TypeChange(Model, frozen=True):
    type: str
    module: str
    count: int  # now
    size: int  # bytes, now
    count_delta: int
    size_delta: int


class HeapDiff(Model, frozen=True):
    objects_delta: int
    size_delta: int  # bytes
    types: list[TypeChange]  # the largest growth first


class StacksDiff(Model, frozen=True):
    """A tree whose counts and sizes are differences; `stacks` holds the target's own figures."""

    stacks: Stacks
    count_delta: list[int]  # at each node itself
    size_delta: list[int]


class OwnerChange(Model, frozen=True):
    path: str
    type: str
    entries: int
    entries_delta: int
    size_delta: int  # bytes, with all that hangs below
    limit: int | None = None


class OwnershipDiff(Model, frozen=True):
    tree: StacksDiff
    holders: list[OwnerChange]


class AllocationsDiff(Model, frozen=True):
    """Columns have one row a node of the tree; those from `variance` on are of sampled figures."""

    mode: str
    tree: StacksDiff
    note: str = ""
    app_frames: list[int] = []  # those of the tree's frames that are the app's own code
    requests: dict[str, int] = {}  # served in between, by endpoint
    variance: list[float] = []  # of size_delta, bytes squared: that of both
    allocated: list[int] = []  # bytes that were allocated there in between, alive or not
    sample_bytes: int = 0


class NativeSiteChange(Model, frozen=True):
    site: NativeSite  # now; of one that has nothing any more, its names
    size_delta: int  # bytes
    count_delta: int  # blocks
    variance: int  # of size_delta, bytes squared: that of both


class NativeDiff(Model, frozen=True):
    on: bool  # whether the later snapshot has samples
    begun: bool  # whether sampling began after the earlier one: that knows nothing then
    tree: StacksDiff
    sites: list[NativeSiteChange] = []  # the largest growth first
    app_frames: list[int] = []  # those of the tree's frames that are the app's own code
    requests: dict[str, int] = {}  # served in between, by endpoint
    size: int = 0  # bytes alive, now
    size_delta: int = 0
    sample_bytes: int = 0


class GcDiff(Model, frozen=True):
    base: Gc
    target: Gc
    changes: list[Change]


class CycleChange(Model, frozen=True):
    group: CycleGroup
    count_delta: int
    size_delta: int
    components_delta: int


class CyclesDiff(Model, frozen=True):
    garbage_objects_delta: int
    garbage_bytes_delta: int
    groups: list[CycleChange]


class CacheChange(Model, frozen=True):
    cache: Cache
    entries_delta: int
    size_delta: int | None


class CachesDiff(Model, frozen=True):
    caches: list[CacheChange]


class RetainedDiff(Model, frozen=True):
    objects_delta: int
    edges_delta: int
    types: list[Change]  # bytes
    modules: list[Change]  # bytes


class TallyChange(Model, frozen=True):
    group: str
    tally: Tally
    count_delta: int
    size_delta: int | None


class ResourcesDiff(Model, frozen=True):
    descriptors_delta: int
    threads_delta: int
    changes: list[TallyChange]


class ProcessDiff(Model, frozen=True):
    base: Process
    target: Process
    changes: list[Change]
