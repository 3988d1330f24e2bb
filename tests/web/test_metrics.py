"""The route of the metrics: who may see it, when, and in which format."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from flask_heapview import HeapView
from flask_heapview.errors import Unreachable
from flask_heapview.model.worker_info import WorkerInfo

from ..helpers import API, BEARER, PREFIX, TOKEN

PATH = f"{PREFIX}/metrics"
OPEN, PLAIN = "application/openmetrics-text; version=1.0.0", "text/plain; version=0.0.4"
# what Prometheus sends: 2.42, then 3.0, then with the text format preferred
OF_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
OF_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
TEXT_FIRST = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5"


@pytest.fixture
def shop(make_app: Callable[..., Flask]) -> Any:
    return make_app(metrics=True).test_client()


def values(text: str) -> dict[str, float]:
    """By name; of several series the last."""
    families = text_string_to_metric_families(text)
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_the_figures_of_this_worker(shop: Any) -> None:
    for number in range(30):
        shop.get(f"/keep/{number}")
    answer = shop.get(PATH, headers=BEARER)
    assert answer.status_code == 200
    found = values(answer.text)
    assert found["heapview_worker_up"] == 1
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["heapview_requests_total"] == 30
    assert found["heapview_gc_pause_seconds_count"] >= 0
    assert answer.headers["Cache-Control"] == "no-store"
    shop.get(PATH, headers=BEARER)
    again = values(shop.get(PATH, headers=BEARER).text)
    assert again["heapview_requests_total"] == 30  # the scrapes are not the app's


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, OPEN),
        ("*/*", OPEN),
        (OF_2, OPEN),
        (OF_3, OPEN),
        (TEXT_FIRST, PLAIN),
        ("text/plain", PLAIN),
        ("TEXT/PLAIN;version=0.0.4", PLAIN),
        ("text/html, application/json", OPEN),
        ("application/openmetrics-text;q=0.1, text/plain;q=0.1", OPEN),
        ("text/plain;q=nonsense, ;;,", OPEN),
    ],
)
def test_the_format_is_the_one_that_is_asked_for(shop: Any, accept: str, kind: str) -> None:
    headers = {**BEARER, **({} if accept is None else {"Accept": accept})}
    answer = shop.get(PATH, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer.text.endswith("# EOF\n") == (kind == OPEN)


def test_it_is_off_unless_it_was_asked_for(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    answer = client.get(PATH, headers=BEARER)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "HEAPVIEW_METRICS=on" in answer.json["detail"]
    assert client.get(PATH).status_code == 401  # a stranger does not learn that


def test_without_the_package_the_answer_says_what_to_install(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "flask_heapview.render.openmetrics", raising=False)
    monkeypatch.delattr("flask_heapview.render.openmetrics", raising=False)
    answer = shop.get(PATH, headers=BEARER)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "pip install 'flask-heapview[metrics]'" in answer.json["detail"]
    assert shop.get(f"{API}/status", headers=BEARER).status_code == 200


def test_it_needs_the_scope_view(make_app: Callable[..., Flask]) -> None:
    scopes = {"view"}
    client = make_app(token=None, auth=lambda _: scopes, metrics=True).test_client()
    assert client.get(PATH).status_code == 200
    scopes = {"capture", "export"}
    refused = client.get(PATH)
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    scopes = set()
    assert client.get(PATH).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_stranger_gets_an_answer_for_programs(shop: Any, method: str) -> None:
    answer = shop.open(PATH, method=method)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_method_is_told_as_to_a_program(make_app: Callable[..., Flask]) -> None:
    client = make_app(token=None, auth=lambda _: True, metrics=True).test_client()
    answer = client.put(PATH, json={})
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/x/metrics", "/snapshots/metrics", "/metrics/", "/metrics/x"])
def test_no_other_path_that_ends_so_is_for_programs(shop: Any, path: str) -> None:
    answer = shop.get(PREFIX + path)
    assert answer.status_code == 303
    assert "/login" in answer.headers["Location"]


def test_the_prefix_may_be_anywhere(tmp_path: Path) -> None:
    app = Flask("shop")
    app.add_url_rule("/metrics", "own", lambda: "the app's own")
    HeapView(app, token=TOKEN, dir=str(tmp_path / "h"), url_prefix="/a/b", metrics=True)
    client = app.test_client()
    assert client.get("/metrics").text == "the app's own"
    assert "heapview_worker_up" in client.get("/a/b/metrics", headers=BEARER).text
    assert client.get("/a/b/metrics").mimetype == "application/problem+json"


def test_a_worker_that_fails_while_it_is_asked_is_down(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(metrics=True)
    workers = app.extensions["heapview"].workers
    other = WorkerInfo(id="9-b", pid=9, started_at="", number=7)
    silent = WorkerInfo(id="9-c", pid=9, started_at="", number=8, answers=False)
    asked: list[str] = []

    def call_each(called: Any, call: Any, seconds: float) -> list[Any]:
        asked.extend(worker.id for worker in called)
        assert (call.method, call.path) == ("GET", "/api/v1/status")
        assert seconds <= 2
        return [Unreachable("It is stuck.")]

    monkeypatch.setattr(workers, "live", lambda: [workers.me(), other, silent])
    monkeypatch.setattr(workers, "call_each", call_each)
    text = app.test_client().get(PATH, headers=BEARER).text
    assert asked == ["9-b"]  # who has just been silent is not asked again
    assert 'heapview_worker_up{worker="7"} 0.0' in text
    assert 'heapview_worker_up{worker="8"} 0.0' in text
    assert 'heapview_worker_up{worker="0"} 1.0' in text
