"""Who may start a helper interpreter now: few at a time, and nobody waits in the service's threads.

One thread of a worker at most is ever in the hands of a helper. Whoever finds no turn asks again
later: a thread that waited would be one that does not serve.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import HelpersBusy
from .locked_file import open_locked, unlock

MAX_AT_ONCE = 2  # helpers of all workers of an app
RETRY_SECONDS = 1
POLL_SECONDS = 0.1
_in_this_process = threading.Lock()


@contextlib.contextmanager
def turn(directory: Path, patience: float = 0.0) -> Iterator[None]:
    """One helper's turn, among all workers that share the directory. Raises HelpersBusy.

    `patience` is how many seconds a thread of our own may wait for it.
    """
    until = time.monotonic() + patience
    while (held := _take(directory)) is None:
        if time.monotonic() >= until:
            raise HelpersBusy(
                "Another question about snapshots is being answered. Ask again in a moment.",
                retry_after=RETRY_SECONDS,
            )
        time.sleep(POLL_SECONDS)
    with held:
        yield


def _take(directory: Path) -> contextlib.ExitStack | None:
    """What gives the turn back; None where there is none now."""
    if not _in_this_process.acquire(blocking=False):
        return None
    with contextlib.ExitStack() as stack:
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
    for number in range(MAX_AT_ONCE):
        fd = open_locked(directory / f"helper-{number}.lock", wait=False)
        if fd is not None:
            return fd
    return None
