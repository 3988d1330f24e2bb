"""The address of a Unix socket in a directory, however long the directory's path is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_PATH_BYTES = 100  # sun_path holds 108 on Linux and 104 on macOS: see unix(7)


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """The path itself, or a shorter one that holds meanwhile. Raises OSError."""
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)
