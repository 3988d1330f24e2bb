"""Who allocated it: live bytes by traceback, exact or estimated from samples."""

from __future__ import annotations

from .base import Model
from .ownership import Site
from .stacks import Stacks


class Unheld(Model, frozen=True):
    """Sampled blocks that are in use and belong to no object that the walk found.

    Most are what C code made and forgot to give back. Some are parts of objects that only their
    own code knows. So this says who, and the balance of the allocators says whether.
    """

    size: int = 0  # bytes, estimated
    objects: int = 0  # bytes of those blocks in which an object seems to lie, estimated
    types: list[str] = []  # of these objects, most bytes first
    sites: list[Site] = []  # who allocated the blocks: the largest, by bytes
    # of these objects, by the worker's requests at their birth: bins as those of Births
    born_size: tuple[int, ...] = ()  # bytes of each bin, estimated
    born_samples: tuple[int, ...] = ()  # that each bin's figure rests on


class Allocations(Model, frozen=True):
    """The live blocks that tracing knows. The root frame of each stack is its endpoint, or its
    thread; from there it goes to the innermost frame.

    Sampled figures are estimates. Each sample stands for 1 / p blocks, where p is the chance that
    it had to be taken; the variance of a sum of them is the sum of their own.
    """

    mode: str = "off"  # off, exact, sampled
    frames: int = 0  # frames kept of each traceback
    traced: int = 0  # bytes alive and traced
    peak: int = 0  # bytes
    overhead: int = 0  # bytes that the tracing itself takes
    stacks: Stacks = Stacks()
    app_frames: list[int] = []  # those of stacks.frames that are the app's own code
    domains: dict[str, int] = {}  # exact: bytes of what libraries report beside Python's memory
    note: str = ""
    # sampled: a column each, one row a node of the stacks
    variance: list[float] = []  # of the size, bytes squared
    largest: list[float] = []  # bytes that the heaviest sample stands for
    allocated: list[int] = []  # bytes ever allocated there since sampling began
    sites: list[Site] = []  # sampled: the largest, by bytes, with the ages of what they allocated
    # sampled, by the native engine
    unheld_small: Unheld | None = None  # in Python's arenas
    unheld_large: Unheld | None = None  # in blocks of malloc's
    # sampled
    sample_bytes: int = 0  # mean distance of two samples when the snapshot was taken
    samples: int = 0  # of blocks that are alive
    since: float = 0.0  # seconds that sampling has gone on
    seen: int = 0  # bytes that were allocated meanwhile, whether they live or not
    dropped: int = 0  # samples without a traceback of their own: the tables were full
