"""Snapshots of a process where nobody counts requests, on the pages and in the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from flask_heapview.model.snapshot import Requests

from ..helpers import API, BEARER, PREFIX
from .contract_shop import snapshots_in
from .other_worker import service_of, stored


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store and the ids of its snapshots, which a small service took."""
    directory = tmp_path_factory.mktemp("uncounted") / "heapview"
    return directory, snapshots_in(directory)


@pytest.fixture
def ids(app: Flask, taken: tuple[Path, list[str]]) -> list[str]:
    """Two snapshots, as an attached process would have saved them."""
    store = service_of(app).store
    made = stored(app, *taken)
    for one in made:
        found = store.load(one)
        info = msgspec.structs.replace(found.info, requests=Requests(counted_by="nobody"))
        store.save(msgspec.structs.replace(found, info=info))
    return made


def test_no_page_says_zero_requests(client: Any, ids: list[str]) -> None:
    base, target = ids
    for path, words in (
        (f"/snapshots/{target}/heap", "after an unknown number of requests"),
        (f"/compare/heap?base={base}&target={target}", "unknown number of requests in between"),
        (f"/report?base={base}&target={target}", "Unknown number of requests"),
    ):
        answer = client.get(PREFIX + path, headers=BEARER)
        assert answer.status_code == 200, (path, answer.text)
        assert words in answer.text, path
        assert not re.search(r"\b0 requests", answer.text), path


def test_the_overview_does_not_know_either(client: Any, ids: list[str]) -> None:
    page = client.get(f"{PREFIX}/", headers=BEARER).text
    assert "an unknown number of requests between the first and the last" in page


def test_the_api_says_who_counts(client: Any, ids: list[str]) -> None:
    base, target = ids
    info = client.get(f"{API}/snapshots/{target}", headers=BEARER).json
    assert info["requests"] == {"total": 0, "endpoints": {}, "counted_by": "nobody"}
    report = client.get(f"{API}/report?base={base}&target={target}", headers=BEARER).json
    assert report["interval"]["counted_by"] == "nobody"
    assert report["verdict"] == "inconclusive"
