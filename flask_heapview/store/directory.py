"""A directory that belongs to us alone."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..errors import StoreError

SUSPECTS = "suspects"  # the ending of the file with a worker's, beside those of the worker


def private_directory(path: Path) -> Path:
    """Makes the directory 0700, or checks that it is ours alone. Raises StoreError."""
    try:
        os.makedirs(path.parent, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
    except OSError as error:
        raise StoreError(explain(error, path)) from error
    require_private(path)
    return path


def require_private(path: Path, *, of_anybody: bool = False) -> None:
    """Checks that a directory is ours alone, and makes none. Raises StoreError.

    `of_anybody`: it may be another user's, and must be theirs alone.
    """
    try:
        found = os.lstat(path)
    except OSError as error:
        raise StoreError(explain(error, path)) from error
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{path} is not a real directory. Set HEAPVIEW_DIR to another one.")
    if found.st_uid != os.geteuid() and not of_anybody:
        raise StoreError(
            f"{path} belongs to another user. Set HEAPVIEW_DIR to a directory of your own."
        )
    if found.st_mode & 0o077:
        raise StoreError(
            f"{path} is accessible to other users. Run: chmod 700 {path}. "
            f"If it is a volume, set HEAPVIEW_DIR to a directory below it: {path}/heapview"
        )


def explain(error: OSError, path: Path) -> str:
    """The error in a sentence that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {path} is full. Delete snapshots, or set HEAPVIEW_DIR to another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} is not writable. Set HEAPVIEW_DIR to a writable directory."
    return f"{path}: {error.strerror}. Set HEAPVIEW_DIR to a directory that works."
