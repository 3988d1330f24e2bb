"""A small table in a file that all workers of an app lock and share."""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..errors import StoreError
from ..store.directory import private_directory

MAX_TABLE_BYTES = 1 << 20
Table = dict[str, tuple[int, float]]  # a number and a time, in seconds since 1970


@contextmanager
def shared_table(path: Path) -> Iterator[Table]:
    """The table, locked; what was changed is written at the end.

    Raises StoreError for a directory that is not ours alone, OSError where it cannot be written.
    """
    lock = importlib.import_module("fcntl")  # not there on Windows, where nothing forks
    private_directory(path.parent)
    # without waiting: a FIFO of that name would have us wait for good
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    fd = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise StoreError(f"{path} is not a file. Delete it.")
        lock.flock(fd, lock.LOCK_EX)
        data = os.pread(fd, MAX_TABLE_BYTES, 0)
        try:
            table = msgspec.json.decode(data, type=Table)
        except (msgspec.MsgspecError, RecursionError):
            table = {}
        yield table
        fresh = msgspec.json.encode(table)
        if fresh != data:
            if os.pwrite(fd, fresh, 0) != len(fresh):
                raise StoreError(f"The disk of {path} is full.")
            os.ftruncate(fd, len(fresh))
    finally:
        os.close(fd)
