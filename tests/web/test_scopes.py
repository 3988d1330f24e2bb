"""What each scope shows, beyond which routes it opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask

from flask_heapview.model.api import WatchState

from ..helpers import API, PREFIX, answered_here, finished, wait_until

KEPT = {f"customer-{n}@example.com": n for n in range(2000)}
KEY = "customer-1"


@pytest.fixture(autouse=True, scope="module")
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield


class Client:
    """A client of an app with SHOW_VALUES; its scopes can be changed at any time."""

    def __init__(self, make_app: Callable[..., Flask]) -> None:
        self.scopes = {"view", "capture", "export", "values"}
        self.app = make_app(token=None, auth=lambda _: self.scopes, show_values=True)
        self.client = self.app.test_client()

    def capture(self) -> str:
        answer = wait_until(self._begin, 60, "a capture to begin")
        made: str = finished(self.client, answer.json["id"])["id"]
        return made

    def _begin(self) -> Any:
        answer = self.client.post(f"{API}/snapshots", json={})
        return answer if answer.status_code == 202 else None

    def get(self, path: str, *scopes: str) -> Any:
        self.scopes = set(scopes)
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def asked(make_app: Callable[..., Flask]) -> Client:
    return Client(make_app)


def test_keys_need_the_scope_values(asked: Client) -> None:
    base, target = asked.capture(), asked.capture()
    for path in (
        f"{API}/snapshots/{target}/caches",
        f"{API}/snapshots/{target}/caches?format=csv",
        f"{PREFIX}/snapshots/{target}/caches?all=1",
        f"{API}/diff?base={base}&target={target}",
    ):
        assert KEY in asked.get(path, "view", "values"), path
        assert KEY not in asked.get(path, "view"), path
        assert KEY not in asked.get(path, "view", "capture", "export"), path
    KEPT.update({f"customer-{n}@example.com": n for n in range(2000, 4000)})
    asked.scopes = {"view", "capture"}
    later = asked.capture()
    path = f"{PREFIX}/compare/caches?base={base}&target={later}&all=1"
    assert KEY in asked.get(path, "view", "values")
    assert KEY not in asked.get(path, "view")


def test_a_graph_as_a_file_needs_the_scope_export(asked: Client) -> None:
    path = f"{API}/snapshots/20260101-000000-00000000/graph?format=heapsnapshot"
    for scopes, status in (({"view", "capture", "values"}, 403), ({"export"}, 404)):
        asked.scopes = scopes
        assert asked.client.get(path).status_code == status


def test_the_verdict_needs_the_scope_export(asked: Client) -> None:
    asked.capture()
    asked.capture()
    words = ("No leak", "Inconclusive", "Leak</span>", "See the evidence")
    shown = asked.get(f"{PREFIX}/", "view", "export")
    hidden = asked.get(f"{PREFIX}/", "view")
    assert any(word in shown for word in words)
    assert not any(word in hidden for word in words)


def test_so_does_the_verdict_of_a_watch(asked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    state = WatchState(state="done", verdict="leak", summary="dict app.kept gained a lot.")
    monkeypatch.setattr(asked.app.extensions["heapview"].inspector, "watching", lambda: state)
    for path in (f"{API}/watch", f"{PREFIX}/"):
        assert state.summary in asked.get(path, "view", "export")
        assert state.summary not in asked.get(path, "view")
    hidden = msgspec.json.decode(asked.get(f"{API}/watch", "view"))
    assert (hidden["state"], hidden["verdict"]) == ("done", None)
