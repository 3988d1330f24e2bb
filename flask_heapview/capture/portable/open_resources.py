"""Whether an object still holds its resource, asked through C slots alone."""

from __future__ import annotations

import _io
import _socket
import mmap
import sqlite3
from collections.abc import Callable

from ...inspection.type_info import TypeInfo

_CHECKS: dict[str, Callable[[object], object]] = {
    "_io.FileIO": lambda o: not _io.FileIO.closed.__get__(o),
    "_socket.socket": lambda o: _socket.socket.fileno(o) >= 0,  # type: ignore[arg-type]
    "mmap.mmap": lambda o: not vars(mmap.mmap)["closed"].__get__(o),
    # a closed connection refuses to count its changes
    "sqlite3.Connection": lambda o: sqlite3.Connection.total_changes.__get__(o) >= 0,
}


def is_open(obj: object, info: TypeInfo) -> bool:
    """True where it is open, or where only Python code could tell."""
    check = _CHECKS.get(info.resource or "")
    if check is None:
        return True
    try:
        return bool(check(obj))
    except Exception:
        return False
