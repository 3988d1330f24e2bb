"""Hostile names and objects in a live service: the pages stay whole, and nothing is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .. import sample_objects
from ..helpers import API, BEARER, PREFIX, answered_here, capture

VIEWS = ["ownership", "heap", "caches", "cycles", "allocations", "native", "resources", "gc"]
VIEWS.append("process")


@pytest.fixture(autouse=True, scope="module")
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield


@pytest.fixture
def taken(client: Any) -> str:
    sample_objects.Hostile.touched.clear()
    return capture(client, label="</script><i>\u202e")["id"]


def test_pages_and_json_survive(client: Any, taken: str) -> None:
    for name in VIEWS:
        page = client.get(f"{PREFIX}/snapshots/{taken}/{name}?all=1", headers=BEARER)
        data = client.get(f"{API}/snapshots/{taken}/{name}", headers=BEARER)
        assert (page.status_code, data.status_code) == (200, 200), name
        for text in (page.text, data.text):
            assert "\u202e" not in text
            assert "hunter2" not in text
            assert "password-of-somebody" not in text
        assert "</script><b>" not in page.text
        assert "</script><i>" not in page.text
    assert sample_objects.Hostile.touched == []


def test_the_name_is_shown_escaped_and_cut(client: Any, taken: str) -> None:
    page = client.get(f"{PREFIX}/snapshots/{taken}/heap?all=1&q=script", headers=BEARER)
    assert "&lt;/script&gt;&lt;b&gt;\\u202e" in page.text
    assert "x" * 1000 not in page.text


@pytest.mark.parametrize("words", ["<b>x</b>", '"><script>', "\u202e", "%", "x" * 5000])
def test_searches_are_only_text(client: Any, taken: str, words: str) -> None:
    page = client.get(f"{PREFIX}/snapshots/{taken}/heap", headers=BEARER, query_string={"q": words})
    assert page.status_code == 200
    assert "<b>x" not in page.text
    assert '"><script>' not in page.text
