"""What every capture engine offers. The portable one is in portable.py; a native one can follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from ..model.gc import Gc
from ..model.process import Process
from ..model.resources import ThreadRow
from ..model.snapshot import Snapshot, SnapshotInfo
from .roots import ThreadRoot
from .sites import EndpointCode

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


class Engine(Protocol):
    """One way to look at the heap."""

    name: str

    def why_not(self) -> str | None:
        """None when it works here, else the reason."""

    def warm_up(self) -> None:
        """Imports and touches all it needs, so that the child imports nothing."""

    def estimate(self) -> Estimate:
        """The cost of a capture now."""

    def capture(self, facts: Facts, advance: Advance) -> Snapshot:
        """Looks at the heap of the calling process; runs in the child where there is a fork."""
