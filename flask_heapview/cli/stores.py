"""Which store the commands read: the named one, the app's, or that of attached processes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
from flask.cli import NoAppException, ScriptInfo

from ..store.snapshots import Store

NO_STORE = (
    "flask-heapview is not mounted on this app, and no process was attached to. "
    "Name a store by --dir or HEAPVIEW_DIR."
)


def attached_directory() -> Path:
    """Where snapshots of attached processes go, one directory for each user."""
    return Path(tempfile.gettempdir()) / f"flask-heapview-{os.getuid()}-attached"


def find_store(named: Path | None) -> Store:
    """The store to read. Raises click's error where there is none.

    An app that cannot be found is none: a process that is attached to needs no app here.
    """
    if named is not None:
        return Store(named)
    app_store = _of_the_app()
    if app_store is not None:
        return app_store
    fallback = Path(os.environ.get("HEAPVIEW_DIR") or attached_directory())
    if not fallback.is_dir():
        raise click.ClickException(NO_STORE)
    return Store(fallback)


def _of_the_app() -> Store | None:
    try:
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    except NoAppException:
        return None
    service = app.extensions.get("heapview")
    return None if service is None else Store(Path(service.store.directory))
