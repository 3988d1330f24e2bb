"""The store that is read where no service lives: the named one, or that of attached processes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from ..errors import StoreError
from ..store.directory import require_private
from ..store.snapshots import Store
from .place import NOT_OURS, named_directory

NO_STORE = (
    "flask-heapview is not mounted on this app, and no process was attached to. "
    "Name a store by --dir or HEAPVIEW_DIR."
)


def own_directory() -> Path:
    """Where snapshots of attached processes go: HEAPVIEW_DIR, or one directory for each user."""
    named = os.environ.get("HEAPVIEW_DIR")
    if named:
        return Path(named)
    return Path(tempfile.gettempdir()) / f"flask-heapview-{os.getuid()}-attached"


def find_store() -> Store:
    """The store to read. Raises click's error where there is none, or the app cannot be loaded.

    There need not be an app here: snapshots of attached processes are read without one.
    """
    directory = named_directory()
    if directory is None:
        directory = own_directory()
        if not directory.is_dir():
            raise click.ClickException(NO_STORE)
    try:
        if os.path.lexists(directory):
            require_private(directory)
    except StoreError as error:
        raise click.ClickException(f"{error.detail} {NOT_OURS}") from None
    return Store(directory)
