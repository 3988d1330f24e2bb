"""The process, its container, and the bridge from one to the other (all sizes in bytes)."""

from __future__ import annotations

from msgspec import field

from .base import Model

# blocks up to so many bytes come from Python's arenas: SMALL_REQUEST_THRESHOLD, Objects/obmalloc.c
MAX_PYMALLOC_BYTES = 512


class Container(Model, frozen=True):
    """What the kernel says of our control group."""

    version: int = 0  # 1, 2, or 0: none found
    path: str = ""
    usage: int | None = None
    limit: int | None = None  # None: no limit
    peak: int | None = None
    swap: int | None = None
    swap_limit: int | None = None
    anonymous: int | None = None
    file: int | None = None  # page cache
    shared: int | None = None  # tmpfs and shared memory
    inactive_file: int | None = None  # page cache that can be dropped at once
    kernel: int | None = None
    events: dict[str, int] = {}  # oom_kill, max, high, …


class Arena(Model, frozen=True):
    """One of the C library's arenas: threads are spread over several."""

    size: int  # bytes from the kernel
    free: int  # of these, handed to nobody


class Allocators(Model, frozen=True):
    """What stands between the kernel and the objects."""

    pymalloc_arenas: int | None = None
    pymalloc_used: int | None = None  # blocks handed out
    pymalloc_free: int | None = None  # in arenas, not handed out
    # of that, freed objects that their types keep for the next one; None where Python does not tell
    pymalloc_kept: int | None = None
    malloc_arenas: int | None = None  # the C library's heaps, mapped blocks included
    malloc_used: int | None = None
    malloc_free: int | None = None
    arenas: list[Arena] = []  # of the C library, the main one first


class Headroom(Model, frozen=True):
    """How much more memory may be used before somebody is killed."""

    available: int  # the tightest of the limits
    limits: dict[str, int] = {}  # each, by name


class Bridge(Model, frozen=True):
    """From the resident set down to Python's objects."""

    python_objects: int | None = None
    python_overhead: int | None = None  # pymalloc: free blocks and its own books
    native: int | None = None  # handed out by the C library to something else than objects
    malloc_free: int | None = None
    file_backed: int | None = None
    unexplained: int | None = None


class Readings(Model, frozen=True):
    """What the process took at moments between requests, or while a busy worker served some; the
    oldest first."""

    clock: list[float] = []  # seconds of the machine's monotonic clock
    serving: list[int] = []  # requests under way; none in files of before this field
    malloc: list[int] = []  # bytes that the C library has handed out
    anonymous: list[int] = []  # resident, of no file
    files: list[int] = []  # in temporary filesystems
    descriptors: list[int] = []  # open
    threads: list[int] = []
    requests: dict[str, list[int]] = {}  # begun until then, by endpoint
    now: dict[str, int] = {}  # the figures at the snapshot, whatever is being served

    def begun(self) -> list[int]:
        """All requests that had begun at each reading."""
        columns = self.requests.values()
        return [sum(column[n] for column in columns) for n in range(len(self.clock))]


class Process(Model, frozen=True):
    """Memory figures of one worker."""

    pid: int = 0
    resident: int = 0
    anonymous: int | None = None
    proportional: int | None = None
    unique: int | None = None
    swap: int | None = None
    shared: int | None = None
    file_backed: int | None = None
    virtual: int = 0
    peak: int | None = None
    machine_total: int = 0
    machine_available: int = 0
    tmpfs: int = 0  # bytes in the temporary filesystems that this process sees
    written: int | None = None  # bytes that its process group can have put there since it began
    container: Container = Container()
    allocators: Allocators = Allocators()
    # msgspec never frees a default that is a struct of plain figures, nor its type with it
    bridge: Bridge = field(default_factory=Bridge)
    readings: Readings = Readings()
