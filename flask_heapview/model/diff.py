"""What changed between two snapshots, view by view."""

from __future__ import annotations

from .base import Model
from .caches import Cache
from .cycles import CycleGroup
from .gc import Gc
from .process import Process
from .resources import Tally
from .stacks import Stacks


class Change(Model):
    """A figure before and after."""

    name: str
    base: float
    target: float
    delta: float


class TypeChange(Model):
    type: str
    module: str
    count: int  # now
    size: int  # bytes, now
    count_delta: int
    size_delta: int


class HeapDiff(Model):
    objects_delta: int
    size_delta: int  # bytes
    types: list[TypeChange]  # the largest growth first


class StacksDiff(Model):
    """A tree whose counts and sizes are differences; `stacks` holds the target's own figures."""

    stacks: Stacks
    count_delta: list[int]  # at each node itself
    size_delta: list[int]


class OwnerChange(Model):
    path: str
    type: str
    entries: int
    entries_delta: int
    size_delta: int  # bytes, with all that hangs below
    limit: int | None = None


class OwnershipDiff(Model):
    tree: StacksDiff
    holders: list[OwnerChange]


class AllocationsDiff(Model):
    mode: str
    tree: StacksDiff
    note: str = ""


class GcDiff(Model):
    base: Gc
    target: Gc
    changes: list[Change]


class CycleChange(Model):
    group: CycleGroup
    count_delta: int
    size_delta: int
    components_delta: int


class CyclesDiff(Model):
    garbage_objects_delta: int
    garbage_bytes_delta: int
    groups: list[CycleChange]


class CacheChange(Model):
    cache: Cache
    entries_delta: int
    size_delta: int | None


class CachesDiff(Model):
    caches: list[CacheChange]


class TallyChange(Model):
    group: str
    tally: Tally
    count_delta: int
    size_delta: int | None


class ResourcesDiff(Model):
    descriptors_delta: int
    threads_delta: int
    changes: list[TallyChange]


class ProcessDiff(Model):
    base: Process
    target: Process
    changes: list[Change]
