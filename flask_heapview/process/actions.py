"""What a person may have the process do: give memory back, collect garbage."""

from __future__ import annotations

import gc
import time
from collections import Counter
from typing import Any

from ..errors import Conflict
from ..inspection.type_info import type_name
from . import glibc

MIN_TRIMMED_SHARE = 0.05  # of the resident set that has to come back to mean something


def trim() -> dict[str, Any]:
    """Has the C library give back what it can. Raises Conflict where it cannot be asked."""
    found = glibc.trim()
    if found is None:
        raise Conflict(glibc.NO_TRIM)
    before, after = found
    freed = max(0, before - after)
    meaning = (
        "This memory was free, but the C library still held it. The cause is fragmentation or a "
        "past peak. A smaller MALLOC_ARENA_MAX or MALLOC_TRIM_THRESHOLD_ releases it sooner."
        if freed > MIN_TRIMMED_SHARE * before
        else "Almost nothing was returned. The memory is in use, or cannot be released."
    )
    return {"before": before, "after": after, "freed": freed, "meaning": meaning}


def collect() -> dict[str, Any]:
    """A full collection: what it found, and what it freed by type."""
    before, kinds = _tracked()
    begin = time.perf_counter()
    found = gc.collect()
    seconds = time.perf_counter() - begin
    freed = before - _tracked()[0]
    return {
        "found": found,
        "freed": {type_name(kinds[n]): count for n, count in freed.most_common(100)},
        "garbage": len(gc.garbage),
        "seconds": round(seconds, 6),
    }


def _tracked() -> tuple[Counter[int], dict[int, type]]:
    """Tracked objects by the address of their type: a metaclass may refuse to be hashed."""
    objects = gc.get_objects()
    return Counter(map(id, map(type, objects))), {id(kind): kind for kind in map(type, objects)}
