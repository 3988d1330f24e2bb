"""What a collection would free, by a snapshot: as much as it then does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_heapview.process import glibc

from ..helpers import PREFIX
from ..live_server import Server, serving

SOURCE = """
import gc
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
gc.disable()
closed = []

class Order:
    def __init__(self):
        self.document = bytes(10_000)
        self.itself = self

    def __del__(self):
        closed.append(1)

@app.get("/health")
def health():
    return "ok"

@app.get("/order")
def order():
    Order()
    return "made"

@app.get("/closed")
def how_many():
    return str(len(closed))
"""
ORDERS = 200
pytestmark = pytest.mark.skipif(not glibc.can_trim(), reason="this C library has no malloc_trim")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("collection")
    with serving(home, SOURCE, "gthread", "--threads", "4") as made:
        yield made


def predicted(server: Server) -> Any:
    status, answer = server.api("POST", "/trim/rehearsal", {})
    assert status == 200, answer
    return answer["collection"]


def overview(server: Server) -> str:
    text: bytes = server.call("GET", f"{PREFIX}/", token=True)[1]
    return text.decode()


def test_it_says_what_is_then_freed(server: Server) -> None:
    unknown = predicted(server)
    assert unknown["objects"] is unknown["bytes"] is unknown["snapshot"] is None
    assert "POST snapshots" in unknown["meaning"]
    assert "says what a collection would free. There is none yet." in overview(server)
    for _ in range(ORDERS):
        server.get("/order")
    taken = server.capture()
    told = predicted(server)
    assert (told["snapshot"], told["taken_at"]) == (taken["id"], taken["taken_at"])
    assert told["objects"] == taken["garbage_objects"] >= 2 * ORDERS  # each with its document
    assert told["bytes"] == pytest.approx(ORDERS * 10_300, rel=0.2)
    assert f"A collection would free {told['objects']:,} objects, " in overview(server)
    assert server.get("/closed")[1] == b"0"  # nobody has run the app's destructors
    collected = server.api("POST", "/gc/collect", {})[1]
    assert server.get("/closed")[1] == str(ORDERS).encode()
    assert collected["freed"]["app.Order"] == ORDERS
    server.capture()
    assert predicted(server)["bytes"] < told["bytes"] / 20
