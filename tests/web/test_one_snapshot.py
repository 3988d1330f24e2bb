"""The first look: one snapshot is taken, and the page says what leaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_heapview.allocations import tracing

from ..helpers import API, BEARER, PREFIX, answered_here, capture

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

kept: list[list[str]] = []
latest: deque[list[str]] = deque(maxlen=20)
REQUESTS = 300
SAMPLE_BYTES = 4096


def record(number: int) -> list[str]:
    return [str(number) * 30 for _ in range(30)]


@pytest.fixture(autouse=True)
def answers() -> Any:
    kept.clear()
    latest.clear()
    with answered_here():
        yield
    kept.clear()
    latest.clear()


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> Any:
    app = make_app(allocations="sampled")
    # as fine as a service has it after a while: at its start few samples leave it to chance
    tracing.switch("sampled", sample_bytes=SAMPLE_BYTES)

    @app.get("/leak/<int:number>")
    def leak(number: int) -> str:
        kept.append(record(number))
        return "kept"

    @app.get("/window/<int:number>")
    def window(number: int) -> str:
        latest.append(record(number))
        return "kept for a while"

    return app.test_client()


def test_what_leaks_is_named(client: Any) -> None:
    for number in range(REQUESTS):
        client.get(f"/leak/{number}")
        client.get(f"/window/{number}")
    taken = capture(client)["id"]
    report = client.get(f"{API}/report?target={taken}", headers=BEARER).json
    assert report["verdict"] == "leak", report
    sure = [one for one in report["suspects"] if one["confidence"] >= 0.5]
    assert [one["holder"]["path"] for one in sure] == [f"{__name__}.kept"]
    assert sure[0]["endpoints"][0]["endpoint"] == "leak"
    assert sure[0]["births"]["until"] == REQUESTS
    assert sum(sure[0]["births"]["samples"]) > 12

    page = client.get(f"{PREFIX}/report?target={taken}", headers=BEARER).text
    assert 'class="births"' in page
    assert '<code class="edge">.kept</code> <span class="to"><code>list</code>' in page
    assert '<code class="edge">[item]</code><span class="hide"> (suspect reference)' in page
    assert "What is alive was born in all of 600 requests" in page
    overview = client.get(f"{PREFIX}/", headers=BEARER).text
    assert "one snapshot, after 600 requests" in overview
    assert f"/report?target={taken}" in overview
    text = client.get(f"{API}/report?target={taken}&format=markdown", headers=BEARER).text
    assert f"after 600 requests (snapshot {taken})" in text
    assert "from the first of 300 requests to the last" in text


def test_what_only_keeps_the_latest_is_not(client: Any) -> None:
    for number in range(REQUESTS):
        client.get(f"/window/{number}")
    taken = capture(client)["id"]
    report = client.get(f"{API}/report?target={taken}", headers=BEARER).json
    assert report["verdict"] == "inconclusive", report["summary"]
    overview = client.get(f"{PREFIX}/", headers=BEARER).text
    assert "Send traffic, then capture again" in overview


def test_the_sites_show_their_ages(client: Any) -> None:
    for number in range(REQUESTS):
        client.get(f"/leak/{number}")
    taken = capture(client)["id"]
    path = f"/snapshots/{taken}/allocations"
    sites = client.get(API + path, headers=BEARER).json["data"]["sites"]
    site = next(one for one in sites if one["endpoint"] == "leak")
    assert len(site["births"]["size"]) == len(site["births"]["samples"]) == 16
    page = client.get(PREFIX + path, headers=BEARER).text
    assert "Alive by birth" in page
    assert 'class="births"' in page
