"""A worker that always serves somebody: its native memory has an endpoint all the same."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from flask_heapview.core.loader import WHY_NOT, core

from ..live_server import serving

SOURCE = """
import ctypes, threading
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
over = threading.Event()
@app.get("/health")
def health():
    return "ok"
@app.get("/events")
def events():
    over.wait(300)
    return "the last one"
@app.get("/end")
def end():
    over.set()
    return "ended"
@app.get("/thumbnail")
def thumbnail():
    libc.memset(libc.malloc(20_000), 1, 20_000)
    return "drawn"
@app.get("/page")
def page():
    return "x" * len([bytes(20_000) for _ in range(20)])
"""
REQUESTS = 2000  # between two snapshots: some seconds


@pytest.mark.skipif(core is None, reason=WHY_NOT)
def test_its_endpoint_is_named(tmp_path: Path) -> None:
    chance = random.Random(1)
    with serving(tmp_path, SOURCE, "gthread", "--threads", "4") as server:
        waiting = threading.Thread(target=server.get, args=("/events",))
        waiting.start()
        taken = [server.capture()["id"]]
        for _ in range(REQUESTS):
            server.get(chance.choice(("/thumbnail", "/page")))
        taken.append(server.capture()["id"])
        report = server.api("GET", f"/report?base={taken[0]}&target={taken[1]}")[1]
        server.get("/end")
        waiting.join()
    top = report["suspects"][0]
    assert (report["verdict"], top["cause"]) == ("leak", "native"), report
    assert [(e["endpoint"], e["share"]) for e in top["endpoints"]] == [("thumbnail", 1.0)]
