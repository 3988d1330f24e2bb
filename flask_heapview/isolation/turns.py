"""Who may start a helper interpreter now: few at a time, and nobody waits in the service's threads.

One thread of a worker at most is ever in the hands of a helper, or makes a page of its answer.
Whoever finds no turn asks again later: a thread that waited would be one that does not serve.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from ..errors import HelpersBusy
from .locked_file import open_locked, unlock

MAX_AT_ONCE = 2  # helpers of all workers of an app, on four processors or more
RETRY_SECONDS = 1
POLL_SECONDS = 0.1
_in_this_process = threading.Lock()
# whether the running request keeps this process's turn until its answer is complete
_HELD: ContextVar[bool] = ContextVar("flask_heapview_turn_held", default=False)


def at_once() -> int:
    """How many helpers there may be: half of the processors are the service's alone."""
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, min(MAX_AT_ONCE, processors // 2))


def hold() -> None:
    """Keeps this process's turn for the running request until `release`. Raises HelpersBusy."""
    if not _HELD.get():
        if not _in_this_process.acquire(blocking=False):
            raise _busy()
        _HELD.set(True)


def release() -> None:
    """Gives back what `hold` took; nothing where there is nothing to give back."""
    if _HELD.get():
        _HELD.set(False)
        _in_this_process.release()


def _busy() -> HelpersBusy:
    return HelpersBusy(
        "Another question about snapshots is being answered. Ask again in a moment.",
        retry_after=RETRY_SECONDS,
    )


@contextlib.contextmanager
def turn(directory: Path, patience: float = 0.0) -> Iterator[None]:
    """One helper's turn, among all workers that share the directory. Raises HelpersBusy.

    `patience` is how many seconds a thread of our own may wait for it.
    """
    until = time.monotonic() + patience
    while (held := _take(directory)) is None:
        if time.monotonic() >= until:
            raise _busy()
        time.sleep(POLL_SECONDS)
    with held:
        yield


def _take(directory: Path) -> contextlib.ExitStack | None:
    """What gives the turn back; None where there is none now."""
    held = _HELD.get()
    if not held and not _in_this_process.acquire(blocking=False):
        return None
    with contextlib.ExitStack() as stack:
        if not held:
            stack.callback(_in_this_process.release)
        try:
            fd = _among_the_workers(directory)
        except (OSError, ImportError):  # a full disk, or Windows: this process counts alone
            return stack.pop_all()
        if fd is None:
            return None
        stack.callback(unlock, fd)
        return stack.pop_all()


def _among_the_workers(directory: Path) -> int | None:
    for number in range(at_once()):
        fd = open_locked(directory / f"helper-{number}.lock", wait=False)
        if fd is not None:
            return fd
    return None
