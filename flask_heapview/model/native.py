"""Who allocated native memory: live blocks of C libraries, estimated from samples."""

from __future__ import annotations

from .base import Model
from .births import Births
from .stacks import Stacks

SMALLER_SITES = "(smaller sites)"  # what a snapshot knows together


class NativeSite(Model, frozen=True):
    """What one line of Python, or a thread without any, has a function of a library allocate.

    The figures are estimates, as those of Allocations.
    """

    library: str  # the file's name, as the loader has it; empty where it is no longer loaded
    path: str = ""  # of that file
    # its symbol, demangled, or that of the nearest caller in the library that has one; empty where
    # none has
    function: str = ""
    offset: int = 0  # bytes from the library's begin to the call
    distribution: str = ""  # that installed it, with its version; empty for those of the system
    calls: list[str] = []  # the functions of C that led there, the innermost first
    file: str = ""  # of the line of Python that called it; empty where none did
    line: int = 0
    caller: str = ""  # the function that this line is in
    inner: str = ""  # the innermost file of Python, where that is a library's
    endpoint: str | None = None
    thread: str = ""  # its name for the kernel, outside of requests
    size: int = 0  # bytes
    count: int = 0  # blocks
    variance: int = 0  # of the size, bytes squared
    largest: int = 0  # bytes that the heaviest sample stands for
    samples: int = 0
    births: Births | None = None  # of what is alive


class NativeMemory(Model, frozen=True):
    """What the sampler of malloc knows. Empty in snapshots that were taken while it was off."""

    on: bool = False
    sites: list[NativeSite] = []  # the largest, by bytes
    # by traceback, the largest: endpoint or thread, lines of Python, functions of C
    stacks: Stacks = Stacks()
    app_frames: list[int] = []  # those of stacks.frames that are the app's own code
    size: int = 0  # bytes alive, of all sites
    count: int = 0  # blocks
    variance: int = 0
    sample_bytes: int = 0  # mean distance of two samples when the snapshot was taken
    samples: int = 0  # of blocks that are alive
    since: float = 0.0  # seconds that sampling has gone on
    requests: int = 0  # that have begun meanwhile
    dropped: int = 0  # samples that found no place
    overhead: int = 0  # bytes that the sampling itself takes

    @property
    def all_sites(self) -> list[NativeSite]:
        """The sites, and as one more what the smaller ones have together."""
        samples = self.samples - sum(site.samples for site in self.sites)
        if samples <= 0:
            return self.sites
        rest = NativeSite(
            library=SMALLER_SITES,
            path=SMALLER_SITES,
            size=self.size - sum(site.size for site in self.sites),
            count=max(0, self.count - sum(site.count for site in self.sites)),
            variance=max(0, self.variance - sum(site.variance for site in self.sites)),
            samples=samples,
        )
        return [*self.sites, rest]
