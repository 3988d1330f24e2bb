"""Which store the commands read: the named one, the app's, or that of attached processes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
from flask.cli import NoAppException, ScriptInfo

from ..errors import StoreError
from ..store.directory import require_private
from ..store.snapshots import Store

NO_APP = "Could not locate a Flask application"  # flask.cli.ScriptInfo.load_app
NO_STORE = (
    "flask-heapview is not mounted on this app, and no process was attached to. "
    "Name a store by --dir or HEAPVIEW_DIR."
)

NOT_OURS = "Snapshots are read by the user that the service runs as, and by nobody else."


def own_directory() -> Path:
    """Where snapshots of attached processes go: HEAPVIEW_DIR, or one directory for each user."""
    named = os.environ.get("HEAPVIEW_DIR")
    if named:
        return Path(named)
    return Path(tempfile.gettempdir()) / f"flask-heapview-{os.getuid()}-attached"


def find_store(named: Path | None) -> Store:
    """The store to read. Raises click's error where there is none, or the app cannot be loaded.

    There need not be an app here: snapshots of attached processes are read without one.
    """
    directory = named or _of_the_app()
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


def _of_the_app() -> Path | None:
    try:
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    except NoAppException as error:
        if NO_APP not in error.message:  # there is one, and it is broken
            raise
        return None
    service = app.extensions.get("heapview")
    return None if service is None else Path(service.store.directory)
