"""Snapshots that a process keeps decoded: it will be asked for the same ones again.

Nobody changes what has been loaded; a file that was written anew is another one.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from ..model.snapshot import Snapshot

# what is loaded takes so many times the bytes of its file: 31 MB of 12.7 MB, measured
BYTES_PER_FILE_BYTE = 2.5
_Key = tuple[str, int, int, int]  # path, inode, bytes, and nanoseconds of its last change


class _Kept:
    """The snapshots that were asked for last, up to so many bytes; none by default."""

    def __init__(self) -> None:
        self.max_bytes = 0
        self._found: OrderedDict[_Key, tuple[Snapshot, int]] = OrderedDict()

    def get(self, key: _Key) -> Snapshot | None:
        if key not in self._found:
            return None
        self._found.move_to_end(key)
        return self._found[key][0]

    def add(self, key: _Key, snapshot: Snapshot, size: int) -> None:
        self._found[key] = snapshot, size
        while self._found and sum(each for _, each in self._found.values()) > self.max_bytes:
            self._found.popitem(last=False)


_KEPT = _Kept()


def keep(max_bytes: int) -> None:
    """From now on this process keeps the snapshots that it loads, up to so many bytes."""
    _KEPT.max_bytes = max_bytes


def load(path: Path, read: Callable[[Path], Snapshot]) -> Snapshot:
    """The snapshot of a file. Raises what `read` does."""
    if not _KEPT.max_bytes:
        return read(path)
    stat = os.stat(path)
    key = str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns
    found = _KEPT.get(key)
    if found is None:
        found = read(path)
        _KEPT.add(key, found, round(stat.st_size * BYTES_PER_FILE_BYTE))
    return found
