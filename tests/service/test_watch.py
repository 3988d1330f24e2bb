"""A series of snapshots that takes itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ..helpers import API, BEARER, PREFIX, wait_until

KEPT: dict[int, list[int]] = {}


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> Any:
    app = make_app()
    KEPT.clear()

    @app.get("/remember/<int:number>")
    def remember(number: int) -> str:
        KEPT[number] = [number] * 50
        return "kept"

    return app.test_client()


@pytest.fixture(autouse=True)
def quiet_again(client: Any) -> Any:
    yield
    client.delete(f"{API}/watch", headers=BEARER)
    wait_until(lambda: not any(t.name.startswith("heapview") for t in threading.enumerate()), 60)


def begin(client: Any, status: int = 202, **body: Any) -> Any:
    answer = client.post(f"{API}/watch", headers=BEARER, json=body)
    assert answer.status_code == status, answer.data
    return answer.json


def state(client: Any) -> Any:
    return client.get(f"{API}/watch", headers=BEARER).json


def taken(client: Any, count: int) -> None:
    wait_until(lambda: len(state(client)["snapshots"]) >= count, 60, f"{count} snapshots")


def test_every_so_many_requests_and_the_verdict(client: Any) -> None:
    assert client.get(f"{API}/watch", headers=BEARER).status_code == 404
    begun = begin(client, times=3, every_requests=60)
    assert begun["state"] == "running"
    for count in (1, 2):
        taken(client, count)
        for number in range(59):
            client.get(f"/remember/{count * 100 + number}")
        assert len(state(client)["snapshots"]) == count
        client.get(f"/remember/{count * 100 + 59}")
    done = wait_until(lambda: (s := state(client))["state"] == "done" and s, 60, "the verdict")
    assert done["verdict"] == "leak"
    assert "KEPT" in done["summary"]
    assert len(done["snapshots"]) == 3
    requests = [
        client.get(f"{API}/snapshots/{one}", headers=BEARER).json["requests"]["total"]
        for one in done["snapshots"]
    ]
    assert requests == [requests[0], requests[0] + 60, requests[0] + 120]
    page = client.get(f"{PREFIX}/", headers=BEARER).text
    assert "The last watch has finished: It leaks" in page
    assert '<span class="badge leak">Leak</span> It leaks' in page


def test_one_at_a_time_and_stopped(client: Any) -> None:
    begin(client, times=3, every_requests=1000)
    taken(client, 1)
    begin(client, 429, times=3)
    page = client.get(f"{PREFIX}/", headers=BEARER).text
    assert "1 of 3 snapshots taken" in page
    assert client.delete(f"{API}/watch", headers=BEARER).status_code == 204
    assert state(client)["state"] == "stopped"
    assert client.delete(f"{API}/watch", headers=BEARER).status_code == 404
    begin(client, times=2, every_seconds=1)
    done = wait_until(lambda: (s := state(client))["state"] == "done" and s, 60, "the end")
    assert done["verdict"] == "inconclusive"  # nobody sent a request


@pytest.mark.parametrize(
    "body",
    [
        {"times": 1},
        {"times": 1000},
        {"times": "3"},
        {"every_requests": 0},
        {"every_seconds": 0},
        {"every_seconds": "5"},
        {"every_requests": True},
    ],
)
def test_what_cannot_be_meant(client: Any, body: dict[str, Any]) -> None:
    assert "must be" in begin(client, 400, **body)["detail"]


def test_another_worker(client: Any) -> None:
    begin(client, 404, worker="another")
    assert client.get(f"{API}/watch?worker=another", headers=BEARER).status_code == 404


def test_it_is_closed_to_strangers(client: Any) -> None:
    for method in ("get", "post", "delete"):
        assert getattr(client, method)(f"{API}/watch").status_code == 401
