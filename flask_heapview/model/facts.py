"""What the judge found, as figures without words: `{"kind": …, figures…}` in JSON.

`bytes` are bytes, `requests` are requests served, a path is the dotted way to an object.
`render/sentences` has the words.
"""

from __future__ import annotations

from typing import Literal

from .fact import Fact, OverRequests
from .library_facts import KnownLeak, LibraryAtFault, LibraryRemedy, NativeCaller

Unit = Literal["entries", "bytes"]
Memory = Literal["native", "small", "lost", "fragmented", "tmpfs"]
Handles = Literal["threads", "descriptors"]


# --- containers and single objects


class ContainerGrew(OverRequests, frozen=True):
    path: str
    type: str
    entries: int
    bytes: int
    requests: int
    entries_removed: bool  # whether entries also left it


class ObjectGrew(OverRequests, frozen=True):
    """One object became larger by itself: a buffer, a string."""

    path: str
    type: str
    bytes: int
    requests: int


class EntryRate(OverRequests, frozen=True):
    path: str
    entries: int
    requests: int
    entries_per_request: float
    bytes_per_request: float


class SizeRate(OverRequests, frozen=True):
    path: str
    bytes_before: int
    bytes_after: int
    requests: int
    bytes_per_request: float


class LimitExceeded(Fact, frozen=True):
    entries: int
    limit_entries: int


class LimitOfOwner(Fact, frozen=True):
    """The object that holds the container has a limit, which may be that of another one."""

    limit_entries: int


class LimitTooHigh(Fact, frozen=True):
    limit_entries: int
    limit_bytes: float  # that so many entries would take
    available_bytes: int  # to the service


class EntriesRemoved(Fact, frozen=True):
    """Neither the first nor the last entries of the earlier snapshot are still there."""


class WeakEntries(Fact, frozen=True):
    """Entries refer to their objects weakly, and cyclic garbage grew along with them."""

    garbage_objects: int  # that came meanwhile


class SteadyRate(Fact, frozen=True):
    intervals: int
    endpoint: str | None  # along whose requests; None: along all


class RateSinceStart(Fact, frozen=True):
    """The rate, counted from the worker's start, gives what the first snapshot had."""

    unit: Unit
    entries_removed: bool


class Survivors(Fact, frozen=True):
    """What is alive was born in all of the requests, and not only in the latest."""

    samples: int  # of it, that are alive
    requests: int  # of the worker, since sampling began


class EntryForEach(Fact, frozen=True):
    """It has as many entries as an endpoint has served requests: it has let none go."""

    entries: int
    endpoint: str | None


class Impact(Fact, frozen=True):
    """What it comes to at the traffic of the interval."""

    bytes_per_day: float
    # until it alone has taken what the container, or else the machine, has left
    seconds_to_limit: float | None


class SameGrowthAt(Fact, frozen=True):
    paths: list[str]


# --- cyclic garbage


class GarbageLeft(OverRequests, frozen=True):
    objects: int
    bytes: int
    requests: int


class GarbageGrew(OverRequests, frozen=True):
    objects: int
    requests: int


class GarbageFreed(Fact, frozen=True):
    """The collector freed so many objects between the snapshots."""

    objects: int


class CollectorDisabled(Fact, frozen=True):
    pass


class CollectorThresholds(Fact, frozen=True):
    thresholds: list[int]  # as of gc.get_threshold()


class CommonCycle(Fact, frozen=True):
    chain: str
    cycles: int


# --- threads and descriptors


class HandlesOpened(OverRequests, frozen=True):
    handles: Handles
    count: int
    requests: int


class HandlesGrew(OverRequests, frozen=True):
    handles: Handles
    count: int
    requests: int


# --- memory that no object accounts for


class MemoryGrew(OverRequests, frozen=True):
    memory: Memory
    bytes: float
    requests: int


class MemoryRate(OverRequests, frozen=True):
    memory: Memory
    bytes_per_request: float
    intervals: int


class ObjectsLost(OverRequests, frozen=True):
    """Objects that no object refers to."""

    bytes: float
    objects: int  # estimated; 0 where that is unknown
    type: str  # of most of them; empty where that is unknown
    requests: int


class MemoryFileGrew(Fact, frozen=True):
    """Files of one name in a temporary filesystem."""

    name: str
    bytes: int
    files: int  # more than before


class WrittenElsewhere(Fact, frozen=True):
    """This service's processes can have written no more than that to files in memory."""

    bytes: int


class PymallocFree(Fact, frozen=True):
    free_bytes: int
    arena_bytes: int


class MallocFree(Fact, frozen=True):
    free_bytes: int
    arena_bytes: int
    arenas: int
    fullest_free_bytes: int | None  # of the arena with the most free memory, where there are more


class NativeAlongside(Fact, frozen=True):
    """Native memory grew along with the objects of a leak."""

    bytes: float
    bytes_per_object: float | None
    # by the samples of malloc, for the requests that leave the objects behind
    library: str = ""  # that took most of it
    function: str = ""  # of the library, the one that took most
    library_bytes: int = 0


# --- which endpoint's requests


class EndpointLeaves(Fact, frozen=True):
    endpoint: str
    bytes_per_request: float
    margin_bytes: float  # two standard errors
    readings: int


class EndpointOpens(Fact, frozen=True):
    endpoint: str
    handles: Handles
    per_request: float
    margin: float  # two standard errors
    readings: int


class EndpointMarked(Fact, frozen=True):
    """Single requests that left much behind, and how many of them were of one endpoint."""

    endpoint: str
    endpoint_requests: int
    requests: int
    min_bytes: float  # that each of them left behind


class AllocatedWhere(Fact, frozen=True):
    file: str
    line: int
    function: str
    endpoint: str | None  # while it was served


class CausedBy(Fact, frozen=True):
    endpoint: str


# --- the verdict


class LeakFound(Fact, frozen=True):
    pass


class MayLevelOff(Fact, frozen=True):
    pass


class MoreLeaks(Fact, frozen=True):
    """Suspects beside the first that are sure enough to be leaks."""

    leaks: int


class OneSnapshot(Fact, frozen=True):
    pass


class FewRequests(Fact, frozen=True):
    requests: int


class UnexplainedGrowth(Fact, frozen=True):
    bytes: float  # resident memory


class UnownedGrowth(Fact, frozen=True):
    """Objects that came, and that no owner explains which grows."""

    objects: int
    share: float  # of all objects that came
    types: list[str]  # of most of them
    path: str | None  # below which most of them lie, each at a place of its own


class NothingGrows(Fact, frozen=True):
    requests: int


class NothingGrewInTime(Fact, frozen=True):
    """Nor is it known whether any request was served."""

    seconds: float


# --- what to do


class Remedy(Fact, frozen=True):
    rule: str  # a cause, or a rule of one library


class CaptureAgain(Fact, frozen=True):
    pass


class SendRequests(Fact, frozen=True):
    min_requests: int  # of each endpoint


class SendMore(Fact, frozen=True):
    requests: int
    turn_tracing_on: bool


class CaptureInProduction(Fact, frozen=True):
    pass


class AttachAgain(Fact, frozen=True):
    min_seconds: float  # from the first snapshot to the last


SuspectFact = ContainerGrew | ObjectGrew | GarbageLeft | HandlesOpened | MemoryGrew | ObjectsLost
EvidenceFact = (
    EntryRate
    | SizeRate
    | LimitExceeded
    | LimitOfOwner
    | LimitTooHigh
    | EntriesRemoved
    | WeakEntries
    | SteadyRate
    | RateSinceStart
    | Survivors
    | EntryForEach
    | Impact
    | SameGrowthAt
    | GarbageGrew
    | GarbageFreed
    | CollectorDisabled
    | CollectorThresholds
    | CommonCycle
    | HandlesGrew
    | MemoryRate
    | MemoryFileGrew
    | WrittenElsewhere
    | PymallocFree
    | MallocFree
    | NativeAlongside
    | NativeCaller
    | LibraryAtFault
    | KnownLeak
    | EndpointLeaves
    | EndpointOpens
    | EndpointMarked
)
VerdictFact = (
    LeakFound
    | MayLevelOff
    | MoreLeaks
    | OneSnapshot
    | FewRequests
    | UnexplainedGrowth
    | UnownedGrowth
    | NothingGrows
    | NothingGrewInTime
    | AllocatedWhere
    | CausedBy
    | SuspectFact
)
AdviceFact = (
    Remedy
    | LibraryRemedy
    | CaptureAgain
    | SendRequests
    | SendMore
    | CaptureInProduction
    | AttachAgain
)
