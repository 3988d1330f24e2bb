"""References that a C extension does not give back, in a live app: imitated with Py_IncRef."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from flask_heapview.allocations import tracing

from ..helpers import API, BEARER, answered_here, capture

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

lose = ctypes.pythonapi.Py_IncRef
lose.argtypes = [ctypes.py_object]
lose.restype = None
kept: OrderedDict[str, int] = OrderedDict()
REQUESTS = 200


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> Iterator[Any]:
    app = make_app(allocations="sampled")
    tracing.switch("sampled", sample_bytes=4096)

    @app.get("/text/<int:number>")
    def text(number: int) -> str:
        for part in range(300):  # far more than what else moves in a process that runs tests
            lose(f"customer {number} {part}")
        return "lost"

    @app.get("/rows/<int:number>")
    def rows(number: int) -> str:
        lose([{"number": number + part} for part in range(40)])
        return "lost"

    @app.get("/picture/<int:number>")
    def picture(number: int) -> str:
        lose(bytes(30_000 + number))
        return "lost"

    @app.get("/order/<int:number>")
    def order(number: int) -> str:
        for part in range(30):
            kept[f"{number} {part}"] = part
        return "kept"

    with answered_here():
        yield app.test_client()
    kept.clear()


def reported(client: Any, endpoint: str, snapshots: int = 3) -> dict[str, Any]:
    """The report after so many snapshots, with requests before each."""
    taken = []
    for turn in range(snapshots):
        for number in range(REQUESTS):
            client.get(f"/{endpoint}/{turn * REQUESTS + number}")
        taken.append(capture(client)["id"])
    base = f"base={taken[0]}&" if snapshots > 1 else ""
    answer = client.get(f"{API}/report?{base}target={taken[-1]}", headers=BEARER)
    return dict(answer.json)


def suspect(report: dict[str, Any], cause: str) -> dict[str, Any]:
    """The first leak of that cause: what the requests of a test leave behind may be another."""
    assert report["verdict"] == "leak", report["summary"]
    found = [one for one in report["suspects"] if one["cause"] == cause]
    assert found, report["suspects"]
    assert found[0]["confidence"] >= 0.5
    return dict(found[0])


@pytest.mark.parametrize("snapshots", [3, 1])
def test_lost_strings_have_their_type_and_line(client: Any, snapshots: int) -> None:
    top = suspect(reported(client, "text", snapshots), "uncollectable")
    assert (top["holder"], top["growing"]["type"]) == (None, "str")
    assert top["allocated_at"][0]["function"] == "text"
    assert top["endpoints"][0]["endpoint"] == "text"


def test_lost_lists_are_counted(client: Any) -> None:
    top = suspect(reported(client, "rows"), "uncollectable")
    assert top["holder"] is None
    assert top["growing"]["objects"] >= 2 * REQUESTS
    assert top["allocated_at"][0]["function"] == "rows"


def test_large_ones_have_their_line(client: Any) -> None:
    top = suspect(reported(client, "picture"), "native")
    assert top["allocated_at"][0]["function"] == "picture"


def test_what_is_held_is_not_lost(client: Any) -> None:
    """The nodes of an OrderedDict are blocks of their own, and belong to it."""
    suspects = reported(client, "order")["suspects"]
    assert f"{__name__}.kept" in [(one["holder"] or {}).get("path") for one in suspects]
    assert not {one["cause"] for one in suspects} & {"uncollectable", "native"}
