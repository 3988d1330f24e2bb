"""Circular reference chains."""

from __future__ import annotations

from .base import Model
from .ownership import Site


class CycleGroup(Model, frozen=True):
    """All cycles of one shape."""

    fingerprint: str  # stable between runs
    chain: str  # "Order.items → list[0] → Line.order → Order"
    garbage: bool  # nothing reaches it: it waits for the collector
    components: int  # how many separate cycles have this shape
    count: int  # objects in them
    size: int  # bytes, with what only they hold
    types: list[str] = []
    sites: list[Site] = []


class Cycles(Model, frozen=True):
    """What was found, garbage first, then by size."""

    garbage_objects: int = 0
    garbage_bytes: int = 0
    groups: list[CycleGroup] = []
    note: str = ""  # said when the search had to be cut short
