"""Who may start a helper interpreter now: few at a time, and nobody waits in the service's threads.

One thread of a worker at most is ever in the hands of a helper. Whoever finds no turn asks again
later: a thread that waited would be one that does not serve.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import HelpersBusy

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
        stack.callback(_give_back, fd)
        return stack.pop_all()


def _among_the_workers(directory: Path) -> int | None:
    """A locked file of the directory. The kernel unlocks it if this process dies."""
    lock = importlib.import_module("fcntl")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    for number in range(MAX_AT_ONCE):
        fd = os.open(directory / f"helper-{number}.lock", flags, 0o600)
        try:
            lock.flock(fd, lock.LOCK_EX | lock.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
        except BaseException:
            os.close(fd)
            raise
        else:
            return fd
    return None


def _give_back(fd: int) -> None:
    lock = importlib.import_module("fcntl")
    lock.flock(fd, lock.LOCK_UN)  # by name: a child of a fork may still have the file open
    os.close(fd)
