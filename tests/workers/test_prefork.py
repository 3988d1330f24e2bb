"""A server that nobody knows: it opens its socket, forks its workers, and waits for them.

The only one whose processes are measured by coverage, which makes others too slow.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..helpers import ROOT, wait_until
from ..live_server import Server
from .listing import done, listed

SOURCE = """
import os, signal, socket, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from flask import Flask
from flask_heapview import HeapView
from tests.traced_threads import trace_raw_threads

trace_raw_threads()
app = Flask("shop")
kept = []

@app.get("/health")
def health():
    return "ok"

@app.get("/keep")
def keep():
    kept.append(bytes(10_000))
    return "kept"

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

ending = []

def serve(listening):
    address = listening.getsockname()
    server = WSGIServer(address, Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_name, server.server_port = address
    server.setup_environ()
    server.set_app(app)
    server.timeout = 0.1
    while not ending:  # wsgiref takes an exit in the middle of a request for an error
        server.handle_request()
    sys.exit()

HeapView(app)
signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listening.setblocking(False)  # both see a connection that comes, and one gets it
for _ in range(2):
    if os.fork() == 0:
        serve(listening)
while not ending:
    signal.pause()
"""


class Prefork(Server):
    """The server above."""

    measured = True

    def command(self, worker_class: str, *options: str) -> list[str]:
        del worker_class, options
        return [self.python, "-c", SOURCE, str(self.port)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = Prefork(tmp_path_factory.mktemp("prefork"), SOURCE, "", PYTHONPATH=str(ROOT))
    yield server
    server.stop()


@pytest.fixture
def workers(server: Server) -> list[dict[str, Any]]:
    return listed(server, 2)


def test_the_one_that_forks_is_no_worker(server: Server, workers: list[dict[str, Any]]) -> None:
    children = {child.pid for child in psutil.Process(server.process.pid).children()}
    assert {worker["pid"] for worker in workers} == children


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("GET", "/status", 200),
        ("POST", "/gc/collect", 200),
        ("POST", "/trim", 200),
        ("POST", "/allocations", 400),
        ("GET", "/watch", 404),
    ],
)
def test_each_call_reaches_the_one_that_is_meant(
    method: str, path: str, meant: int, server: Server, workers: list[dict[str, Any]]
) -> None:
    body = {} if method == "POST" else None
    for worker in workers:
        for _ in range(4):  # whoever of them takes it
            status, told = server.api(method, f"{path}?worker={worker['id']}", body)
            assert status == meant, told
            named = told.get("worker", worker)
            assert (named["id"] if isinstance(named, dict) else named) == worker["id"]


def test_all_are_asked_at_once(server: Server, workers: list[dict[str, Any]]) -> None:
    ids = {worker["id"] for worker in workers}
    told = server.api("GET", "/status?worker=all")[1]
    assert {row["worker"]["id"] for row in told["workers"]} == ids
    made = server.api("POST", "/snapshots", {"worker": "all"})[1]["snapshots"]
    states = [done(server, one["id"]) for one in made]
    assert {state["worker"]: state["state"] for state in states} == dict.fromkeys(ids, "done")


def test_all_are_watched_at_once(server: Server, workers: list[dict[str, Any]]) -> None:
    ids = {worker["id"] for worker in workers}
    watched = server.api("POST", "/watch", {"worker": "all", "times": 2, "every_seconds": 1})
    assert {row["worker"] for row in watched[1]["workers"]} == ids, watched
    ended = server.api("DELETE", "/watch?worker=all")
    assert (ended[0], {row["worker"] for row in ended[1]["workers"]}) == (200, ids)


def test_whoever_ends_takes_its_files_away(tmp_path: Path) -> None:
    server = Prefork(tmp_path, SOURCE, "", PYTHONPATH=str(ROOT))
    try:
        gone, left = listed(server, 2)
        os.kill(gone["pid"], signal.SIGTERM)

        def names() -> set[str]:
            return {path.name for path in (tmp_path / "heapview").glob("worker-*")}

        wait_until(lambda: not any(gone["id"] in name for name in names()), 30, "its end")
        assert [worker["id"] for worker in listed(server, 1)] == [left["id"]]
    finally:
        server.stop()
    wait_until(lambda: not names(), 30, "an empty directory")
