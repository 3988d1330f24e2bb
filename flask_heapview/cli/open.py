"""`open`: downloaded snapshots and reports in the same pages, on this machine alone."""

from __future__ import annotations

import logging
import secrets
import signal
import tempfile
import webbrowser
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ..errors import HeapViewError
from ..model.report import Report
from ..store.private_file import write_private
from ..store.received import receive
from ..store.snapshots import Store
from .terminal import cell, note, refusal, say

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

HOST = "127.0.0.1"


@click.command("open")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: a free one.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def open_command(files: tuple[Path, ...], port: int, no_browser: bool) -> None:
    """Show downloaded snapshots and reports in the same pages, on this machine.

    Two snapshots can be compared, of one worker or of two. Nothing leaves the machine, and no live
    service is asked. Ctrl-C ends it.
    """
    signal.signal(signal.SIGTERM, _end)  # so that the files go, then, too
    logging.getLogger("flask_heapview.audit").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="heapview-open-") as place:
        try:
            reports = _received(files, Store(Path(place) / "store"))
        except HeapViewError as error:
            raise refusal(error) from None
        token = secrets.token_urlsafe(32)
        server = _server(Path(place) / "store", token, reports, port)
        address = f"http://{HOST}:{server.server_port}/login#token={token}"
        try:
            say(f"Open {address}")
            note("Ctrl-C ends it.")
            if not no_browser:
                _browse(Path(place), address)
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _received(files: Sequence[Path], store: Store) -> list[Report]:
    """Raises HeapViewError for the first that is neither a snapshot nor a report."""
    reports = []
    for path in files:
        found = receive(path, store)
        if isinstance(found, Report):
            reports.append(found)
            note(f"{path}: a report, {cell(found.verdict)}")
        else:
            note(f"{path}: snapshot {cell(found.label or found.id)}")
    return reports


def _server(directory: Path, token: str, reports: Sequence[Report], port: int) -> BaseWSGIServer:
    from werkzeug.serving import WSGIRequestHandler, make_server

    from ..web.offline import offline_app

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """No line for each request."""

    app = offline_app(directory, token, reports)
    try:
        return make_server(HOST, port, app, threaded=True, request_handler=Quiet)
    except (OSError, SystemExit):  # werkzeug's own words are on standard error
        raise click.ClickException(f"Port {port} cannot be used. Name another one.") from None


def _browse(place: Path, address: str) -> None:
    """By a page of our own: a browser's command line shows in the process list."""
    page = place / "open.html"
    target = escape(address, quote=True)
    write_private(page, f'<meta http-equiv="refresh" content="0; url={target}">'.encode())
    try:
        webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        note("No browser was found.")


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt
