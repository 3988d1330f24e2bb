"""References that a C extension does not give back, in a real service: imitated with Py_IncRef."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.allocations import tracing

from ..live_server import Server, serving

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

SOURCE = """
import ctypes
from collections import OrderedDict
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
lose = ctypes.pythonapi.Py_IncRef
lose.argtypes = [ctypes.py_object]
lose.restype = None
kept = OrderedDict()
@app.get("/health")
def health():
    return "ok"
@app.get("/text/<int:number>")
def text(number):
    for part in range(300):  # one snapshot is enough
        lose(f"customer {number} {part}")
    return "lost"
@app.get("/rows/<int:number>")
def rows(number):
    lose([{"number": number + part} for part in range(40)])
    return "lost"
@app.get("/picture/<int:number>")
def picture(number):
    lose(bytes(30_000 + number))
    return "lost"
@app.get("/order/<int:number>")
def order(number):
    for part in range(30):
        kept[f"{number} {part}"] = part
    return "kept"
"""
REQUESTS = 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, SOURCE, "gthread", "--threads", "2") as made:
        yield made


def reported(server: Server, endpoint: str, snapshots: int = 3) -> dict[str, Any]:
    """The report after so many snapshots, with requests before each: as many in all for one."""
    taken = []
    for turn in range(snapshots):
        for number in range(3 * REQUESTS // snapshots):
            server.get(f"/{endpoint}/{turn * REQUESTS + number}")
        record = server.capture()
        assert record["engine"].startswith("native"), (record, server.log.read_text())
        taken.append(record["id"])
    base = f"base={taken[0]}&" if snapshots > 1 else ""
    answer = server.api("GET", f"/report?{base}target={taken[-1]}")[1]
    return dict(answer)


def suspect(report: dict[str, Any], cause: str) -> dict[str, Any]:
    assert report["verdict"] == "leak", report
    top = report["suspects"][0]
    assert (top["cause"], top["confidence"] >= 0.5) == (cause, True), report["suspects"]
    return dict(top)


@pytest.mark.parametrize("snapshots", [3, 1])
def test_lost_strings_have_their_type_and_line(server: Server, snapshots: int) -> None:
    top = suspect(reported(server, "text", snapshots), "uncollectable")
    assert (top["holder"], top["growing"]["type"]) == (None, "str")
    assert top["allocated_at"][0]["function"] == "text"
    assert top["endpoints"][0]["endpoint"] == "text"


def test_lost_lists_are_counted(server: Server) -> None:
    top = suspect(reported(server, "rows"), "uncollectable")
    assert top["holder"] is None
    assert top["growing"]["objects"] >= 2 * REQUESTS
    assert [site["function"] for site in top["allocated_at"][:1]] == ["rows"], top


def test_large_ones_have_their_line(server: Server) -> None:
    top = suspect(reported(server, "picture"), "native")
    assert top["allocated_at"][0]["function"] == "picture"


def test_what_is_held_is_not_lost(server: Server) -> None:
    """The nodes of an OrderedDict are blocks of their own, and belong to it."""
    suspects = reported(server, "order")["suspects"]
    assert "app.kept" in [(one["holder"] or {}).get("path") for one in suspects]
    assert not {one["cause"] for one in suspects} & {"uncollectable", "native"}
