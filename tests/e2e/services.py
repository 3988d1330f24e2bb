"""Services with their snapshots, for tests that look at every page: one that leaks, one that has
served nobody, one with 8 million objects, and a released application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from ..apps import gallery
from ..helpers import needs, why_not_portable
from ..live_server import Server, serving
from .test_examples import shop, traffic

EMPTY = """
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
"""
HUGE = Path(__file__).with_name("huge_app.py").read_text()
REAL = "ihatemoney"  # of the gallery: Flask-SQLAlchemy, Flask-WTF, Babel, REST and HTML
MOST_BYTES = 6_000_000_000  # that the service, the fork and what reads the snapshots may need


@contextmanager
def leaky(home: Path) -> Iterator[Server]:
    """The leaky shop with all its leaks, a graph capture, and a second opinion."""
    with shop(home) as server:
        for requests, kind in ((60, "ownership"), (300, "ownership"), (300, "graph")):
            traffic(server, "--requests", str(requests))
            server.capture(kind=kind, label=f"after {requests}")
        if why_not_portable() is None:
            server.capture(engine="portable")
        yield server


class Unasked(Server):
    """No request of the app's own."""

    health = "/_debug/memory/login"


@contextmanager
def empty(home: Path) -> Iterator[Server]:
    """Nobody has asked it for anything; it has two snapshots all the same."""
    with serving(home, EMPTY, "gthread", "--threads", "4", kind=Unasked) as server:
        for _ in range(2):
            server.capture()
        yield server


class Patient(Server):
    """It takes a while to make so many objects."""

    patience = 240.0


@contextmanager
def huge(home: Path) -> Iterator[Server]:
    """8 million objects, two snapshots with requests in between, and one of them with a graph."""
    needs(psutil.virtual_memory().available > MOST_BYTES, "8 million objects need 6 GB of memory")
    with serving(home, HUGE, "gthread", "--threads", "4", kind=Patient) as server:
        for kind in ("ownership", "graph"):
            for number in range(100):
                server.get(f"/leak/{number}")
            server.capture(kind=kind)
        yield server


@contextmanager
def real(home: Path) -> Iterator[Server]:
    """A released application with its own traffic, which leaks far below an object of its own."""
    app = next(one for one in gallery.applications() if one.name == REAL)
    wheel = home / "wheel"
    wheel.mkdir()
    try:
        python = gallery.install(app, gallery.built_wheel(wheel))
    except gallery.NotInstallable as error:
        needs(False, f"{app.name} cannot be installed: {error}")
        raise
    with gallery.serving(app, python, home / "served", LEDGER="deep") as server:
        for kind in ("ownership", "ownership", "graph"):
            server.drive(20)
            server.capture(kind=kind)
        yield server


SERVICES: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {
    "leaky": leaky,
    "empty": empty,
    "huge": huge,
    "real": real,
}
