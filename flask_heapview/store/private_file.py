"""Small files of ours alone, 0600, of which nobody ever reads half."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"  # the end of the name of a file that is not whole yet


def write_private(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Replaces the file with these bytes, all or nothing. `sync` waits for the disk.

    Raises OSError; the file is then as it was.
    """
    with _written(path, data, sync=sync) as part:
        os.rename(part, path)


def create_private(path: Path, data: bytes) -> bool:
    """Makes the file unless there is one: whoever comes first wins. Says whether we did.

    Raises OSError.
    """
    with _written(path, data, sync=False) as part:
        try:
            os.link(part, path)
        except FileExistsError:
            return False
    return True


@contextmanager
def _written(path: Path, data: bytes, *, sync: bool) -> Iterator[Path]:
    """A temporary file beside it that holds the bytes, gone at the end unless it was renamed.

    The name is drawn anew each time: threads and processes that write one file do not meet.
    It ends in the process id, by which the store knows what a dead process has left.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.{os.getpid()}{PART}")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
        yield part
    finally:
        part.unlink(missing_ok=True)
