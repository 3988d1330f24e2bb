from __future__ import annotations

import operator
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.allocations import tracing
from flask_heapview.isolation import resident_reader
from flask_heapview.process.collector import PAUSES
from flask_heapview.workers import boot

from .helpers import TOKEN, why_not_portable
from .installing import copy_built
from .tmpfs_lock import tmpfs_lock
from .traced_threads import trace_raw_threads

# each test has a directory, and so a reader, of its own
os.environ.setdefault("HEAPVIEW_READER_SECONDS", "2")
resident_reader.stay_for(2.0)
# coverage follows into every forked child, which makes captures many times slower: those of
# capture/sample_process.py are enough
os.register_at_fork(after_in_child=lambda: sys.settrace(None))
if threading.gettrace() is not None:
    trace_raw_threads()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _skip_the_portable_engine(items)
    if not os.environ.get("HEAPVIEW_SLOW"):
        skip = pytest.mark.skip(reason="the slow matrix: make test-all")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(skip)


def _skip_the_portable_engine(items: list[pytest.Item]) -> None:
    """What runs once for each engine runs for those that this Python can have."""
    reason = why_not_portable()
    if reason is None:
        return
    for item in items:
        parameters = getattr(item, "callspec", None)
        if parameters is not None and "portable" in parameters.params.values():
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Mounting an app begins to sample allocations: each test begins without."""
    yield
    tracing.switch("off")


@pytest.fixture(autouse=True, scope="session")
def no_worker() -> Iterator[None]:
    """The tests' own process serves nobody, whatever sockets a test opens."""
    # false for every app; a function of the tests would be an app's code in the samples
    with patch.object(boot, "serves", operator.not_):
        yield


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the native parts are built, for one file of tests."""
    place = tmp_path_factory.mktemp("clone") / "flask-heapview"
    own = tmp_path_factory.getbasetemp()
    # beside the directories of all workers of this run
    copy_built(place, (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "built")
    return place


@pytest.fixture
def fills_tmpfs() -> Iterator[None]:
    """For a test that writes files into a tmpfs: no test judges growth meanwhile."""
    with tmpfs_lock(exclusive=True):
        yield


@pytest.fixture
def judges_growth() -> Iterator[None]:
    """For a test that judges the growth of the host: no test fills a tmpfs meanwhile."""
    with tmpfs_lock(exclusive=False):
        yield


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an app with heapview mounted; settings as keywords."""

    def make(**settings: Any) -> Flask:
        app = Flask("shop")
        app.config["KEPT"] = {}

        @app.get("/health")
        def health() -> str:
            return "ok"

        @app.get("/keep/<int:number>")
        def keep(number: int) -> str:
            app.config["KEPT"][number] = [number] * 50
            return "kept"

        HeapView(app, **{"token": TOKEN, "dir": str(tmp_path / "heapview"), **settings})
        return app

    yield make
    PAUSES.remove()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> Any:
    return app.test_client()
