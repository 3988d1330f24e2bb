"""The collector's state and the pauses it made."""

from __future__ import annotations

from .base import Model


class Generation(Model, frozen=True):
    """One generation since the process began."""

    threshold: int
    count: int  # allocations less deallocations since its last run
    collections: int
    collected: int
    uncollectable: int
    pause_p50: float | None = None  # seconds, over the recent runs
    pause_p99: float | None = None
    pause_max: float | None = None
    candidates: int | None = None  # objects that its runs looked at; known since Python 3.15
    duration: float | None = None  # seconds that its runs took in all; known since Python 3.15


class Pauses(Model, frozen=True):
    """The collector's pauses of one generation, since somebody first looked at the figures."""

    bounds: list[float] = []  # seconds
    counts: list[int] = []  # pauses up to each bound and above the one before; the longer ones last
    seconds: float = 0.0  # in all


class RecentCollections(Model, frozen=True):
    """The last collections of each generation, the oldest first: one entry of each list for one."""

    before: list[float] = []  # seconds before the snapshot that it began
    generation: list[int] = []
    pause: list[float] = []  # seconds
    collected: list[int] = []  # objects
    uncollectable: list[int] = []  # objects
    forgotten: list[int] = []  # by generation: earlier ones that were recorded and not kept


class Gc(Model, frozen=True):
    """Collector figures."""

    enabled: bool = True
    debug_flags: int = 0
    frozen: int = 0  # objects in the permanent generation
    garbage: int = 0  # objects in gc.garbage
    tracked: int = 0  # objects the collector tracks
    generations: list[Generation] = []
    recent: RecentCollections = RecentCollections()
