"""What releasing free memory would give back: tried in a forked child, which has the same heap.

A collection is not tried so: it would run the app's destructors in the child, and these may delete
files or speak to servers. A snapshot knows what it would free: reports/collection.py.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import psutil

from ..errors import Conflict
from ..isolation import forked_child
from ..isolation.progress_page import ProgressPage
from . import glibc
from .actions import MIN_TRIMMED_SHARE
from .headroom import read_headroom, require

MAX_SECONDS = 20.0  # that the child may take
FIXED_BYTES = 16_000_000  # that it may add: what it writes to
SHARE_OF_RESIDENT = 0.01  # that it may add: page tables, and the pages of free blocks
_GOING_ON = threading.Lock()


def trim() -> dict[str, Any]:
    """What `actions.trim` would give back now, in bytes. The service stands still for a fork.

    Raises Conflict where it cannot be tried, NotEnoughMemory where the child might not fit.
    """
    if not glibc.can_trim():
        raise Conflict(glibc.NO_TRIM)
    if not forked_child.can_fork():
        raise Conflict("It is tried in a forked child. This system does not fork.")
    resident = psutil.Process().memory_info().rss
    require(
        FIXED_BYTES + int(SHARE_OF_RESIDENT * resident),
        read_headroom(),
        what="The forked child that tries it",
        instead="release the memory without trying it",
    )
    if not _GOING_ON.acquire(blocking=False):
        raise Conflict("This worker is trying it already. Wait for that answer.")
    try:
        freed, pause = _in_child()
    finally:
        _GOING_ON.release()
    meaning = (
        "This memory is free, but the C library still holds it. “Release free memory now” gives "
        "it back."
        if freed > MIN_TRIMMED_SHARE * resident
        else "Releasing would give back almost nothing. The memory is in use, or cannot be "
        "released."
    )
    return {
        "before": resident,
        "after": resident - freed,
        "freed": freed,
        "pause_ms": round(pause, 2),
        "meaning": meaning,
    }


def _in_child() -> tuple[int, float]:
    """Bytes that came back in the child, and the milliseconds that the fork took here."""
    with ProgressPage(None) as page:

        def work() -> None:
            before, after = glibc.trim() or (0, 0)
            page.advance("trim", max(0, before - after), before)

        try:
            child = forked_child.spawn(work, page, MAX_SECONDS, keep=())
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise Conflict(f"The system refused to fork a child: {why}.") from None
        try:
            child.watch(page, MAX_SECONDS)
        except (forked_child.ChildFailed, TimeoutError):
            raise Conflict("The child that tried it ended without an answer. Try again.") from None
        finally:
            child.close()
        return page.progress().done, page.pause_ns / 1e6
