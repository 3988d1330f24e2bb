"""Names that are made of data are shown nowhere: in no view, difference, report, page or file."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from ..helpers import BEARER, PREFIX, capture
from . import named_by_data

MODULE = named_by_data.__name__


@pytest.fixture(params=["native", "portable"])
def app(request: pytest.FixtureRequest, make_app: Callable[..., Flask]) -> Flask:
    return make_app(engine=request.param, show_values=False)


@pytest.fixture
def taken(app: Flask, client: Any) -> Iterator[list[str]]:
    """Two snapshots; all that is named by data comes in between."""
    kind = "graph" if "graph" in app.extensions["heapview"].runner.engine.kinds else "ownership"
    gc.disable()
    try:
        ids = [capture(client, kind=kind)["id"]]
        for part in ("namespaces", "classes", "cycles", "exec", "modules"):
            getattr(named_by_data, f"in_{part}")()
        ids.append(capture(client, kind=kind)["id"])
        yield ids
    finally:
        named_by_data.clear()
        gc.enable()


def addresses(app: Flask, ids: list[str]) -> Iterator[str]:
    """Each address of ours that only reads, of both snapshots."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(PREFIX) or "GET" not in (rule.methods or ()):
            continue
        known = {"base": ids[0], "target": ids[1], "all": "1"}
        for number in ids if "snapshot_id" in rule.arguments else ids[:1]:
            given = {name: number if "id" in name else "x" for name in rule.arguments}
            path = adapter.build(rule.endpoint, {**known, **given})
            yield path
            if path.partition("?")[0].endswith("/report"):
                yield f"{path}&format=markdown"


def test_no_answer_has_a_name_of_data(app: Flask, client: Any, taken: list[str]) -> None:
    answered = set()
    for address in addresses(app, taken):
        answer = client.get(address, headers=BEARER)
        assert named_by_data.MARK not in answer.text, address
        if answer.status_code == 200:
            answered.add(address.partition("?")[0].rpartition("/")[2])
    assert {"ownership", "heap", "caches", "cycles", "report", "diff"} <= answered


def test_no_file_has_a_name_of_data(app: Flask, taken: list[str]) -> None:
    store = app.extensions["heapview"].store
    for number in taken:
        for file in store.directory.glob(f"{number}.*"):
            assert named_by_data.MARK.encode() not in file.read_bytes(), file.name


def test_what_code_names_is_named(app: Flask, taken: list[str]) -> None:
    ownership = app.extensions["heapview"].store.load(taken[1]).ownership
    holders = {holder.path: holder for holder in ownership.holders}
    assert holders[f"{MODULE}.HELD"].entries >= 12
    assert f"{MODULE}.HELD[item].honest" in holders
    unnamed = [h for h in ownership.holders if h.path == MODULE and h.entries == 13 * 60]
    assert unnamed, "what globals() was given merged into one line"
