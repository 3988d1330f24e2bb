"""Who allocated it: live bytes by traceback."""

from __future__ import annotations

from .base import Model
from .stacks import Stacks


class Allocations(Model, frozen=True):
    """The live blocks that tracing knows. The root frame of each stack is its endpoint."""

    mode: str = "off"  # off, exact, sampled
    frames: int = 0  # frames kept of each traceback
    traced: int = 0  # bytes alive and traced
    peak: int = 0  # bytes
    overhead: int = 0  # bytes that the tracing itself takes
    stacks: Stacks = Stacks()
    note: str = ""
