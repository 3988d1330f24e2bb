"""A small table in a file that all workers of an app lock and share."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..errors import StoreError
from ..isolation.locked_file import open_locked, unlock
from ..store.directory import private_directory

MAX_TABLE_BYTES = 1 << 20
Table = dict[str, tuple[int, float]]  # a number and a time, in seconds since 1970


@contextmanager
def shared_table(path: Path) -> Iterator[Table]:
    """The table, locked; what was changed is written at the end.

    Raises StoreError for a directory that is not ours alone, OSError where it cannot be written.
    """
    private_directory(path.parent)
    fd = open_locked(path, wait=True)
    assert fd is not None  # whoever waits gets it
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise StoreError(f"{path} is not a file. Delete it.")
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
        unlock(fd)
