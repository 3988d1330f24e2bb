"""*Resources* on a real server: where things were opened, and which of them are ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_heapview.model.resources import OWN_PATH

from ..helpers import PREFIX
from ..live_server import Server, serving

SOURCE = """
import socket
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
files, links = [], []

@app.get("/health")
def health():
    return "ok"

@app.get("/open")
def open_some():
    files.append(open(__file__))
    links.extend(socket.socketpair())
    return "opened"
"""
OPENED_AT = SOURCE.splitlines().index("    files.append(open(__file__))") + 1
# of these, the app opens nothing else
TYPES = ("subprocess.Popen", "mmap.mmap", "_socket.socket", "socket.socket")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("resources")
    with serving(home, SOURCE, "gthread", "--threads", "4") as made:
        yield made


def resources(server: Server, **asked: Any) -> tuple[str, Any]:
    """The id of a snapshot, and what it says of resources."""
    made = server.capture(**asked)["id"]
    return made, server.api("GET", f"/snapshots/{made}/resources")[1]["data"]


def trace(server: Server, **how: Any) -> None:
    assert server.api("POST", "/allocations", how)[0] == 200
    for _ in range(20):
        server.get("/open")


def page(server: Server, snapshot: str) -> str:
    text: bytes = server.call("GET", f"{PREFIX}/snapshots/{snapshot}/resources", token=True)[1]
    return text.decode()


def sites_of(found: Any, kind: str, path: str) -> list[tuple[int, str]]:
    rows = [o for o in found["open_objects"] if (o["type"], o["path"]) == (kind, path)]
    return [(site["line"], site["function"]) for row in rows for site in row["sites"]]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"mode": "off"}, "Switch allocation tracing on"),
        ({"mode": "sampled", "sample_bytes": 1}, "the samples of allocations do not tell"),
        ({"mode": "exact"}, "before exact tracing began"),
    ],
    ids=lambda value: value["mode"] if isinstance(value, dict) else "",
)
def test_where_it_was_opened(server: Server, how: dict[str, Any], words: str) -> None:
    trace(server, **how)
    made, found = resources(server)
    assert found["traced"] == how["mode"]
    for kind, path, line in (
        ("_io.FileIO", "app.files", OPENED_AT),
        ("socket.socket", "app.links", OPENED_AT + 1),
    ):
        sites = sites_of(found, kind, path)
        expected = [] if how["mode"] == "off" else [(line, "open_some")]
        assert sites[:1] == expected, kind
    text = page(server, made)
    assert "“Opened at” is empty where" in text  # standard output was there before
    assert words in text


@pytest.mark.parametrize("engine", ["native", pytest.param("portable", marks=pytest.mark.slow)])
def test_what_we_hold_open_is_marked(server: Server, engine: str) -> None:
    server.get("/open")
    server.capture()  # now there is a reader, and a connection to it
    _, found = resources(server, engine=engine)
    rows = found["open_objects"]
    ours = {row["type"]: row["count"] for row in rows if row["path"] == OWN_PATH}
    # the portable engine's child has closed the connection to the reader
    assert set(TYPES[: 3 if engine == "portable" else 4]) <= set(ours)
    others = [row for row in rows if row["path"] != OWN_PATH and row["type"] in TYPES]
    # gunicorn's threads hold its own sockets
    assert {row["path"] for row in others if "thread " not in row["path"]} == {"app.links"}
