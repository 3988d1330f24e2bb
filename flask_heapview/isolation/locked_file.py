"""A file that the workers of an app lock among themselves, by flock(2)."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.02


def open_locked(path: Path, *, wait: bool) -> int | None:
    """A descriptor of the file, which is ours until `unlock`. The kernel unlocks it if we die.

    None where another one has it and we do not wait. Raises OSError; ImportError on Windows, where
    nothing forks.
    """
    lock = importlib.import_module("fcntl")
    # without waiting: a FIFO of that name would have us wait for good
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(path, flags, 0o600)
    try:
        lock.flock(fd, lock.LOCK_EX if wait else lock.LOCK_EX | lock.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    return fd


@contextmanager
def turn_of(path: Path, patience: float, waiting: Callable[[], None]) -> Iterator[bool]:
    """Holds the file meanwhile; says whether we had to wait for it.

    `waiting` is called before each look at a file that another one holds. After `patience`
    seconds, and where no file can be locked, nobody waits any longer.
    """
    until = time.monotonic() + patience
    fd = waited = None
    try:
        while (fd := open_locked(path, wait=False)) is None and time.monotonic() < until:
            waited = True
            waiting()
            time.sleep(POLL_SECONDS)
    except (OSError, ImportError):  # a full disk, or Windows
        pass
    try:
        yield bool(waited)
    finally:
        if fd is not None:
            unlock(fd)


def unlock(fd: int) -> None:
    """Unlocks the file by name, since a child of a fork may still have it open, and closes it."""
    lock = importlib.import_module("fcntl")
    try:
        lock.flock(fd, lock.LOCK_UN)
    finally:
        os.close(fd)
