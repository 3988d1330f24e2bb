"""HEAPVIEW_REQUEST_NAME: where its names arrive, and that nothing it does hurts a request."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request, abort, request
from markupsafe import Markup

from flask_heapview.model.snapshot import requests_of
from flask_heapview.request_context import SERVING
from flask_heapview.service.service import EXTENSION
from flask_heapview.web.request_naming import MAX_NAMES

from ..helpers import API, BEARER, PREFIX, capture

Make = Callable[..., Flask]
kept: list[object] = []


def by_kind(req: Request) -> str | None:
    return req.args.get("kind")


def served(app: Flask) -> dict[str, int]:
    found: dict[str, int] = app.extensions[EXTENSION].requests()
    return found


def fails(_: Request) -> str:
    raise RuntimeError("broken")


def refuses(_: Request) -> str:
    abort(403)


def reads_json(req: Request) -> Any:
    return req.get_json()["kind"]


@pytest.mark.parametrize(
    "name",
    [
        *(fails, refuses, reads_json),
        *(lambda _, given=given: given for given in (7, b"bytes", ["a"], object())),
    ],
)
def test_a_callable_that_fails_is_logged_once(
    name: Any, make_app: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(request_name=name)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert app.test_client().get("/health").text == "ok"
    assert served(app) == {"health": 3}
    (record,) = [r for r in caplog.records if "HEAPVIEW_REQUEST_NAME" in r.getMessage()]
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("daily", "health: daily"),
        (Markup("<b>"), "health: <b>"),
        ("a\u202eb\n", "health: a\\u202eb\\n"),
        ("\ud800", "health: \\ud800"),
        ("x" * 10**6, f"health: {'x' * 80}…"),
        ("a: b", "health: a b"),
        ("", "health"),
        (None, "health"),
    ],
)
def test_names_are_cleaned(given: Any, name: str, make_app: Make) -> None:
    app = make_app(request_name=lambda _: given)
    app.test_client().get("/health")
    assert served(app) == {name: 1}


def test_names_are_bounded(make_app: Make) -> None:
    app = make_app(request_name=by_kind)
    client = app.test_client()
    for number in range(2 * MAX_NAMES):
        client.get(f"/health?kind=k{number}")
    client.get("/health?kind=k0")
    client.get("/keep/1?kind=late")
    found = served(app)
    assert len(found) == MAX_NAMES + 2
    assert (found["health: (other)"], found["keep: (other)"]) == (MAX_NAMES, 1)
    assert found["health: k0"] == 2
    assert requests_of(found, "health") == 2 * MAX_NAMES + 1


def test_the_samplers_tag_is_one_object(make_app: Make) -> None:
    """The core keeps the last tag by its address."""
    app = make_app(request_name=by_kind)
    seen: list[str | None] = []
    app.add_url_rule("/tag", "tag", lambda: str(seen.append(SERVING.get())))
    for _ in range(2):
        app.test_client().get("/tag?kind=daily")
    assert seen == ["tag: daily"] * 2
    assert seen[0] is seen[1]
    assert SERVING.get() is None


def test_only_requests_of_an_endpoint_are_named(make_app: Make) -> None:
    asked: list[str] = []
    app = make_app(request_name=lambda req: asked.append(req.path))
    client = app.test_client()
    for path in (f"{PREFIX}/", f"{API}/snapshots", f"{PREFIX}/nowhere", "/nowhere", "/health"):
        client.get(path, headers=BEARER)
    assert asked == ["/health"]
    assert served(app) == {"(no route)": 1, "health": 1}


def test_the_body_is_still_there(make_app: Make) -> None:
    app = make_app(request_name="json-rpc")
    app.add_url_rule("/rpc", "rpc", lambda: request.stream.read(), methods=["POST"])
    call = {"jsonrpc": "2.0", "method": "add", "params": [1, 2]}
    answer = app.test_client().post("/rpc", json=call)
    assert json.loads(answer.text) == call
    assert served(app) == {"rpc: add": 1}


@pytest.mark.parametrize("mode", ["sampled", pytest.param("exact", marks=pytest.mark.slow)])
def test_a_report_names_them(mode: str, make_app: Make) -> None:
    app = make_app(request_name=by_kind, allocations=mode)
    kept.clear()

    @app.get("/work")
    def work() -> str:
        if request.args["kind"] == "leaks":
            kept.append([bytes(900) for _ in range(30)])
        return "done"

    client = app.test_client()
    ids = []
    for _ in range(3):
        for _ in range(60):
            client.get("/work?kind=leaks")
            client.get("/work?kind=works")
        ids.append(capture(client)["id"])
    path = f"base={ids[0]}&target={ids[2]}"
    report = client.get(f"{API}/report?{path}", headers=BEARER).json
    assert report["interval"]["endpoints"] == {"work: leaks": 120, "work: works": 120}
    (suspect,) = [s for s in report["suspects"] if s["holder"]["path"].endswith(".kept")]
    # tracemalloc knows the view function, and no more
    expected = "work: leaks" if mode == "sampled" else "work"
    assert [share["endpoint"] for share in suspect["endpoints"]] == [expected]
    page = client.get(f"{PREFIX}/compare/allocations?{path}&group=endpoint", headers=BEARER)
    rows = page.text.partition("<tbody>")[2]
    row = rows[rows.index(f"endpoint {expected}<") :].partition("</tr>")[0]
    assert f">{120 if mode == 'sampled' else 240}</td>" in row
    kept.clear()


def test_the_others_are_not_lost(make_app: Make) -> None:
    assert requests_of({"a": 1, "a: x": 2, "a: y": 3, "ab: x": 4, "ab": 5}, "a") == 6
    assert requests_of({"a": 1, "a: x": 2}, "a: x") == 2
