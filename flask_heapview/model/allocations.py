"""Who allocated it: live bytes by traceback, exact or estimated from samples."""

from __future__ import annotations

from .base import Model
from .ownership import Site
from .stacks import Stacks


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
    # sampled
    sample_bytes: int = 0  # mean distance of two samples when the snapshot was taken
    samples: int = 0  # of blocks that are alive
    since: float = 0.0  # seconds that sampling has gone on
    seen: int = 0  # bytes that were allocated meanwhile, whether they live or not
    dropped: int = 0  # samples without a traceback of their own: the tables were full
