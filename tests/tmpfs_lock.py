"""Keeps tests that fill a tmpfs apart from those that judge growth, in every pytest worker."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def tmpfs_lock(*, exclusive: bool, wait: bool = True) -> Iterator[None]:
    """Holds the lock that all workers share. Raises BlockingIOError if it may not wait."""
    fcntl = importlib.import_module("fcntl")  # not there on Windows, which has no tmpfs
    path = Path(tempfile.gettempdir()) / f"heapview-tests-{os.geteuid()}.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        fcntl.flock(fd, kind if wait else kind | fcntl.LOCK_NB)
        try:
            yield
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)  # a forked child may still have the descriptor
    finally:
        os.close(fd)
