"""Every route of the contract: its answer against the published schema, and its lock."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import jsonschema
import psutil
import pytest
from flask import Flask

from flask_heapview.allocations import tracing
from flask_heapview.process import glibc
from flask_heapview.views import VIEWS
from flask_heapview.web.scopes import SCOPE

from ..helpers import API, BEARER, PREFIX, answered_here, capture
from .contract_shop import make_shop, snapshots_in
from .other_worker import as_own, service_of

NAMES = [view.name for view in VIEWS]
HELD = "contract_shop.KEPT"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client, and three snapshots with traffic in between, which another process took."""
    directory = tmp_path_factory.mktemp("contract") / "heapview"
    ids = snapshots_in(directory)
    app = make_shop(str(directory))
    as_own(service_of(app), ids)
    client: Any = app.test_client()
    client.post(f"{API}/allocations", headers=BEARER, json={"mode": "off"})
    client.ids = ids
    return client


@pytest.fixture
def here() -> Iterator[None]:
    """For what asks many questions. The other tests have a fresh interpreter answer them."""
    with answered_here():
        yield


@pytest.fixture(scope="module")
def schema(shop: Any) -> dict[str, Any]:
    found: dict[str, Any] = shop.get(f"{API}/schema", headers=BEARER).json
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def check(schema: dict[str, Any], name: str, data: Any) -> None:
    # the schema itself is checked once: that takes a hundred times as long as an answer
    document = {**schema["answers"][name], "$defs": schema["$defs"]}
    jsonschema.Draft202012Validator(document).validate(data)


def get(shop: Any, path: str, expect: int = 200) -> Any:
    answer = shop.get(API + path, headers=BEARER)
    assert answer.status_code == expect, answer.data
    return answer.json


def test_workers(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, "/workers")
    check(schema, "workers", data)
    (worker,) = data["workers"]
    assert worker["self"] is True
    assert worker["rss"] > 0
    assert worker["allocations"]["mode"] == "off"


def test_status(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, "/status")
    check(schema, "status", data)
    worker = get(shop, "/workers")["workers"][0]["id"]
    assert get(shop, f"/status?worker={worker}")["worker"]["id"] == worker
    check(schema, "problem", get(shop, "/status?worker=another", 404))


def test_snapshots(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, "/snapshots")
    check(schema, "snapshots", data)
    assert [s["id"] for s in data["snapshots"]] == shop.ids[::-1]
    one = get(shop, f"/snapshots/{shop.ids[0]}")
    check(schema, "snapshot", one)
    assert one["label"] == "turn 0"
    assert one["requests"]["endpoints"] == {"keep": 20}
    contract = "id state progress error label worker taken_at pause_ms duration_ms extra_bytes"
    assert set(contract.split()) | {"engine", "requests"} <= set(one)
    check(schema, "problem", get(shop, "/snapshots/20260101-000000-00000000", 404))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", NAMES)
def test_views(shop: Any, schema: dict[str, Any], name: str) -> None:
    data = get(shop, f"/snapshots/{shop.ids[0]}/{name}")
    check(schema, "view", data)
    check(schema, f"view/{name}", data["data"])
    assert (data["view"], data["snapshot"]["id"]) == (name, shop.ids[0])


def test_diff(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, f"/diff?base={shop.ids[0]}&target={shop.ids[2]}")
    check(schema, "diff", data)
    assert sorted(data["views"]) == sorted(NAMES)
    for name in NAMES:
        check(schema, f"diff/{name}", data["views"][name])
    rows = [h for h in data["views"]["ownership"]["holders"] if h["type"] == "dict"]
    grown = next(h for h in rows if h["path"].endswith(HELD))
    assert grown["entries_delta"] == 120


def test_report(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, f"/report?base={shop.ids[0]}&target={shop.ids[2]}")
    check(schema, "report", data)
    assert data["schema"] == "flask-heapview/report/1"
    assert data["verdict"] == "leak"
    assert data["interval"]["requests"] == 120
    assert data["interval"]["endpoints"] == {"keep": 120}
    top = data["suspects"][0]
    assert top["holder"]["path"].endswith(HELD)
    assert top["growing"]["per_request"]["objects"] == pytest.approx(1.0, abs=0.05)
    assert top["endpoints"][0] == {"endpoint": "keep", "share": 1.0}
    assert any(site["function"] == "keep" for site in top["allocated_at"])
    assert top["confidence"] >= 0.9
    assert len({s["fingerprint"] for s in data["suspects"]}) == len(data["suspects"])


def test_report_on_one_snapshot(shop: Any, schema: dict[str, Any]) -> None:
    data = get(shop, f"/report?target={shop.ids[0]}")
    check(schema, "report", data)
    assert (data["verdict"], data["base"]) == ("inconclusive", None)
    assert "capture again" in data["advice"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "target=ID"),
        ("base={0}", "target=ID"),
        ("base={0}&target={0}", "same snapshot"),
        ("base={2}&target={0}", "swap them"),
    ],
)
def test_foolish_pairs(shop: Any, schema: dict[str, Any], query: str, words: str) -> None:
    data = get(shop, "/report?" + query.format(*shop.ids), 400)
    check(schema, "problem", data)
    assert words in data["detail"]
    get(shop, "/diff?" + query.format(*shop.ids), 400)


def test_downloads(shop: Any) -> None:
    pair = f"base={shop.ids[0]}&target={shop.ids[2]}"
    answer = shop.get(f"{API}/report?{pair}&download=1", headers=BEARER)
    assert answer.headers["Content-Disposition"].endswith('.json"')
    text = shop.get(f"{API}/report?{pair}&format=markdown", headers=BEARER)
    assert text.mimetype == "text/markdown"
    assert text.text.startswith("# It leaks")
    assert HELD in text.text


def test_allocations_can_be_switched(shop: Any, schema: dict[str, Any]) -> None:
    for body, mode, frames in (
        ({"mode": "sampled"}, "sampled", 32),
        ({"mode": "sampled", "frames": 8, "sample_bytes": 65536}, "sampled", 8),
        ({"mode": "exact", "frames": 3}, "exact", 3),
        ({"mode": "off"}, "off", 0),
    ):
        answer = shop.post(f"{API}/allocations", headers=BEARER, json=body)
        check(schema, "allocations", answer.json)
        assert (answer.json["mode"], answer.json["frames"]) == (mode, frames)
    for body in (
        {"mode": "x"},
        {},
        {"mode": "exact", "frames": "3"},
        {"mode": "exact", "frames": 0},
        {"mode": "sampled", "sample_bytes": 0},
        {"mode": "sampled", "sample_bytes": True},
    ):
        assert shop.post(f"{API}/allocations", headers=BEARER, json=body).status_code == 400


def test_without_the_core_sampling_is_refused(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "core", None)
    monkeypatch.setattr(tracing, "WHY_NOT", "There was no C compiler.")
    refused = shop.post(f"{API}/allocations", headers=BEARER, json={"mode": "sampled"})
    assert refused.status_code == 409
    assert "no C compiler" in refused.json["detail"]


def test_free_memory_is_given_back(shop: Any, schema: dict[str, Any]) -> None:
    if glibc._trim is None:
        pytest.skip("this C library has no malloc_trim")
    pieces = [bytes(100_000) for _ in range(2000)]
    del pieces[::2]  # the heap's end is held, so that only malloc_trim gives the holes back
    before = psutil.Process().memory_info().rss
    del pieces[:-1]
    answer = shop.post(f"{API}/trim", headers=BEARER, json={})
    check(schema, "trimmed", answer.json)
    assert answer.json["freed"] > 10_000_000
    assert answer.json["after"] < before
    assert "fragmentation" in answer.json["meaning"]
    page = shop.post(f"{PREFIX}/trim", headers=BEARER)
    assert "released" in page.text
    assert shop.post(f"{API}/trim").status_code == 401


def test_without_malloc_trim(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glibc, "_trim", None)
    assert shop.post(f"{API}/trim", headers=BEARER, json={}).status_code == 409


def test_collect(shop: Any, schema: dict[str, Any]) -> None:
    gc.disable()
    for _ in range(10):
        circle: list[Any] = []
        circle.append(circle)
    answer = shop.post(f"{API}/gc/collect", headers=BEARER, json={})
    gc.enable()
    check(schema, "collected", answer.json)
    assert answer.json["found"] >= 9
    assert answer.json["freed"]["list"] >= 9


def test_pin_and_delete(shop: Any, schema: dict[str, Any]) -> None:
    made = capture(shop)["id"]
    answer = shop.post(f"{API}/snapshots/{made}/pin", headers=BEARER, json={"pinned": True})
    check(schema, "pinned", answer.json)
    assert get(shop, f"/snapshots/{made}")["pinned"]
    bad = shop.post(f"{API}/snapshots/{made}/pin", headers=BEARER, json={"pinned": 1})
    assert bad.status_code == 400
    assert shop.delete(f"{API}/snapshots/{made}", headers=BEARER).status_code == 204
    assert shop.delete(f"{API}/snapshots/{made}", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b'{"label": 5}', "label must be a string"),
        (b'{"kind": "odd"}', "kind must be one of"),
        (b'"' + b"x" * 70_000 + b'"', "larger than"),
        (b"\xff", "not JSON"),
    ],
)
def test_bad_bodies(shop: Any, schema: dict[str, Any], data: bytes, words: str) -> None:
    answer = shop.post(f"{API}/snapshots", headers=BEARER, data=data)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    check(schema, "problem", answer.json)
    assert words in answer.json["detail"]


def test_a_worker_that_is_not_there(shop: Any) -> None:
    answer = shop.post(f"{API}/snapshots", headers=BEARER, json={"worker": "1-1"})
    assert (answer.status_code, answer.json["title"]) == (404, "not found")
    assert "1-1" in answer.json["detail"]


def test_unknown_calls_and_methods(shop: Any) -> None:
    assert get(shop, "/nothing", 404)["status"] == 404
    assert shop.put(f"{API}/workers", headers=BEARER).status_code == 405


# --- the locks


def routes(app: Flask) -> list[tuple[str, str, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("heapview."):
            path = rule.rule.replace("<snapshot_id>", "20260101-000000-00000000")
            path = path.replace("<path:rest>", "rest").replace("<path:filename>", "heapview.css")
            path = path.replace("<index>", "0")
            found += [
                (method, path, rule.endpoint)
                for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            ]
    return sorted(found)


def is_for_programs(path: str) -> bool:
    return "/api/v1/" in path or path == f"{PREFIX}/metrics"


def test_every_view_has_its_routes(shop: Any) -> None:
    paths = {path for _, path, _ in routes(shop.application)}
    for name in NAMES:
        assert f"{PREFIX}/api/v1/snapshots/20260101-000000-00000000/{name}" in paths
        assert f"{PREFIX}/snapshots/20260101-000000-00000000/{name}" in paths
        assert f"{PREFIX}/compare/{name}" in paths


def test_every_route_names_its_scope(shop: Any) -> None:
    views = shop.application.view_functions
    for _, _, endpoint in routes(shop.application):
        if not endpoint.endswith(".static"):
            assert getattr(views[endpoint], SCOPE, None), endpoint


def test_no_route_answers_a_stranger(shop: Any) -> None:
    opened = set()
    for method, path, endpoint in routes(shop.application):
        for headers in ({}, {"Authorization": "Basic eDp5"}):
            with shop.open(path, method=method, headers=headers) as answer:
                pass
            name = endpoint.removeprefix("heapview.")
            if name in ("login", "sign_in", "static"):
                opened.add(name)
            elif is_for_programs(path) or headers:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            else:
                assert answer.status_code == 303, (method, path)
                assert "/login" in answer.headers["Location"]
    assert opened == {"login", "sign_in", "static"}


def test_every_page_carries_the_headers(shop: Any) -> None:
    for method, path, _ in routes(shop.application):
        with shop.open(path, method=method) as answer:
            pass
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in answer.headers


# --- the pages


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "query", ["", "?sort=size", "?sort=-type&q=dict&all=1", "?group=module&node=0"]
)
def test_view_pages(shop: Any, name: str, query: str) -> None:
    answer = shop.get(f"{PREFIX}/snapshots/{shop.ids[2]}/{name}{query}", headers=BEARER)
    assert answer.status_code == 200
    assert "<h1>" in answer.text
    assert "javascript:" not in answer.text
    assert "<style" not in answer.text
    joined = query.replace("?", "&")
    pair = f"?base={shop.ids[0]}&target={shop.ids[2]}{joined}"
    assert shop.get(f"{PREFIX}/compare/{name}{pair}", headers=BEARER).status_code == 200


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("group", ["line", "file", "function", "endpoint", "traceback"])
def test_allocations_by_each_group(shop: Any, group: str) -> None:
    answer = shop.get(f"{PREFIX}/snapshots/{shop.ids[2]}/allocations?group={group}", headers=BEARER)
    assert answer.status_code == 200
    assert "No allocation is known" not in answer.text
    pair = f"?base={shop.ids[0]}&target={shop.ids[2]}&group={group}"
    assert shop.get(f"{PREFIX}/compare/allocations{pair}", headers=BEARER).status_code == 200


def test_other_pages(shop: Any) -> None:
    overview = shop.get(f"{PREFIX}/", headers=BEARER)
    assert "See the evidence" in overview.text
    first, _, last = shop.ids
    answer = shop.get(f"{PREFIX}/compare?base={last}&target={first}", headers=BEARER)
    assert answer.status_code == 303
    assert f"base={first}" in answer.headers["Location"]
    report = shop.get(answer.headers["Location"], headers=BEARER)
    assert "It leaks" in report.text
    assert HELD in report.text
    one = shop.get(f"{PREFIX}/snapshots/{first}", headers=BEARER)
    assert one.status_code == 303
    bad = shop.get(f"{PREFIX}/snapshots/{first}/heap?node=x", headers=BEARER)
    assert bad.status_code == 400
    assert shop.get(f"{PREFIX}/report?target={first}", headers=BEARER).status_code == 200
