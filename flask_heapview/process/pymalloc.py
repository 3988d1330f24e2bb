"""What CPython's allocator of small objects says of itself, in the live process."""

from __future__ import annotations

import time
from collections import deque

import msgspec

from ..core.loader import core
from ..model.process import Process
from .memory import parse_pymalloc

MAX_PAUSE_SECONDS = 0.02  # seconds of a processor that it may take: 10 GB of heap
_PRICE: deque[float] = deque(maxlen=1)  # seconds of a processor that it took the last time


def with_pymalloc(process: Process) -> Process:
    """The live process with the arenas' figures (bytes), where the core can tell them cheaply.

    Each pool of 16 kB is looked at: what is swapped out would have to come back for that.
    """
    if core is None or process.swap or (_PRICE and _PRICE[-1] > MAX_PAUSE_SECONDS):
        return process
    began = time.thread_time()
    text = core.pymalloc()
    _PRICE.append(time.thread_time() - began)
    found = parse_pymalloc(text.decode(errors="replace"))
    if found is None:  # PYTHONMALLOC=malloc, or another allocator
        return process
    arenas, used, free = found
    allocators = msgspec.structs.replace(
        process.allocators, pymalloc_arenas=arenas, pymalloc_used=used, pymalloc_free=free
    )
    return msgspec.structs.replace(process, allocators=allocators)
