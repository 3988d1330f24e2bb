"""What CPython's allocator of small objects says of itself, in the live process."""

from __future__ import annotations

import time
from collections import deque

import msgspec

from ..core.loader import core
from ..model.process import Process
from .memory import Arenas, parse_pymalloc

MAX_PAUSE_SECONDS = 0.02  # seconds of a processor that it may take: 10 GB of heap
_PRICE: deque[float] = deque(maxlen=1)  # seconds of a processor that it took the last time


def with_pymalloc(process: Process) -> Process:
    """The live process with the arenas' figures (bytes), where the core can tell them cheaply.

    Each pool of 16 kB is looked at: what is swapped out would have to come back for that.
    """
    found = None if process.swap else arenas(MAX_PAUSE_SECONDS)
    if found is None:
        return process
    return msgspec.structs.replace(process, allocators=found.added_to(process.allocators))


def arenas(max_seconds: float) -> Arenas | None:
    """The figures now. None with another allocator (PYTHONMALLOC=malloc), or where
    it took longer than `max_seconds` of a processor the last time."""
    if core is None or (_PRICE and _PRICE[-1] > max_seconds):
        return None
    began = time.thread_time()
    text = core.pymalloc()
    _PRICE.append(time.thread_time() - began)
    return parse_pymalloc(text.decode(errors="replace"))
