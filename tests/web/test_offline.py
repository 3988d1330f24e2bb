"""Downloaded snapshots of two workers: the pages know that these are no before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_heapview.store.snapshots import Store
from flask_heapview.web.offline import offline_app

from ..helpers import API, BEARER, TOKEN, answered_here, capture
from .other_worker import copy_for_another_worker


@pytest.fixture
def opened(client: Any, tmp_path: Path) -> tuple[Any, str, str]:
    """A browser on what was downloaded, and the snapshots of two workers."""
    first = capture(client)["id"]
    store = Store(tmp_path / "heapview")
    second = copy_for_another_worker(store, first)
    return offline_app(store.directory, TOKEN, []).test_client(), first, second


def test_two_workers_are_compared_as_such(opened: tuple[Any, str, str]) -> None:
    browser, first, second = opened
    page = browser.get("/", headers=BEARER).text
    assert "Compare first and last" not in page
    assert "Only snapshots of one worker can be compared." not in page
    pair = {"base": first, "target": second}
    with answered_here():
        led = browser.get("/compare", query_string=pair, headers=BEARER)
        assert (led.status_code, led.location.partition("?")[0]) == (303, "/across")
        for path in ("/across", "/across/heap", f"{API.removeprefix('/_debug/memory')}/across"):
            answer = browser.get(path, query_string=pair, headers=BEARER)
            assert answer.status_code == 200, answer.text
            assert "not growth" in answer.text


def test_one_worker_is_compared_over_time(client: Any, tmp_path: Path) -> None:
    ids = [capture(client)["id"] for _ in range(2)]
    copy_for_another_worker(Store(tmp_path / "heapview"), ids[0])
    browser = offline_app(tmp_path / "heapview", TOKEN, []).test_client()
    page = browser.get("/", headers=BEARER).text
    assert f"/compare?base={ids[0]}&amp;target={ids[1]}" in page


def test_all_workers_are_those_that_were_downloaded(client: Any, tmp_path: Path) -> None:
    """Not the process that shows them: nobody can capture that."""
    ids = [capture(client)["id"] for _ in range(2)]
    copy_for_another_worker(Store(tmp_path / "heapview"), ids[0])
    browser = offline_app(tmp_path / "heapview", TOKEN, []).test_client()
    with answered_here():
        asked = {"worker": "all"}
        found = browser.get("/api/v1/report", query_string=asked, headers=BEARER).json
    assert found["live"] == 2
    assert len(found["judged"]) == 1
    assert "has one snapshot" in found["missing"][0]["reason"]
    assert "this worker" not in found["summary"] + found["advice"]


def test_without_snapshots_no_worker_is_judged(client: Any, tmp_path: Path) -> None:
    browser = offline_app(tmp_path / "empty", TOKEN, []).test_client()
    with answered_here():
        found = browser.get("/api/v1/report?worker=all", headers=BEARER).json
    assert found["summary"] == "No worker has a snapshot here."
