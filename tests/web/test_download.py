"""A snapshot's file for those who may have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from ..helpers import API, BEARER, PREFIX, capture
from .test_scopes import KEPT, KEY, Client

__all__ = ["KEPT"]  # it must live: the key that is looked for is in it


def test_the_file_is_as_it_is_stored(app: Flask, client: Any) -> None:
    made = capture(client)["id"]
    stored = app.extensions["heapview"].store.directory / f"{made}.snapshot"
    path = f"{API}/snapshots/{made}/download"
    answer = client.get(path, headers=BEARER)
    assert answer.status_code == 200
    assert answer.data == stored.read_bytes()
    assert answer.headers["Content-Length"] == str(stored.stat().st_size)
    assert f'filename="heapview-{made}.snapshot"' in answer.headers["Content-Disposition"]
    head = client.head(path, headers=BEARER)
    assert (head.status_code, head.data) == (200, b"")
    page = client.get(f"{PREFIX}/snapshots/{made}/heap", headers=BEARER).text
    assert path in page
    assert client.get(path).status_code == 401
    missing = client.get(f"{API}/snapshots/20260101-000000-00000000/download", headers=BEARER)
    assert missing.status_code == 404


def test_keys_in_the_file_need_the_scope_values(make_app: Callable[..., Flask]) -> None:
    asked = Client(make_app)
    made = asked.capture()
    path = f"{API}/snapshots/{made}/download"
    assert KEY in asked.get(path, "export", "values")
    asked.scopes = {"view", "capture", "export"}
    refused = asked.client.get(path)
    assert refused.status_code == 403
    assert "HEAPVIEW_SHOW_VALUES" in refused.json["detail"]
    assert KEY not in refused.text
    asked.scopes = {"view", "values"}
    assert asked.client.get(path).status_code == 403
    assert path not in asked.get(f"{PREFIX}/snapshots/{made}/heap", "view")
