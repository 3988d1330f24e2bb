"""A second opinion: the other engine is asked, both are laid side by side, and never subtracted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.capture.base import CaptureCost
from flask_heapview.capture.portable import available
from flask_heapview.process.collector import PAUSES

from ..helpers import (
    API,
    BEARER,
    PREFIX,
    TOKEN,
    answered_here,
    capture,
    finished,
    needs_portable,
)

pytestmark = needs_portable


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield
    PAUSES.remove()


def mounted(place: Path, **settings: Any) -> Any:
    app = Flask("shop")
    HeapView(app, token=TOKEN, dir=str(place / "heapview"), **settings)
    return app.test_client()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return mounted(tmp_path_factory.mktemp("opinions"))


@pytest.fixture(scope="module")
def pair(client: Any) -> dict[str, str]:
    """A snapshot by the engine in use, and the button on its page pressed."""
    first = capture(client)["id"]
    page = client.get(f"{PREFIX}/snapshots/{first}/heap", headers=BEARER).text
    (action,) = re.findall(r'action="([^"]*/opinion)"', page)
    assert "Ask the portable engine now" in page
    answer = client.post(action, headers=BEARER)
    assert answer.status_code == 303
    second = answer.location.rpartition("second=")[2]
    assert f"first={first}" in answer.location
    waiting = client.get(answer.location, headers=BEARER).text
    assert "This capture is running" in waiting or "Two engines" in waiting
    assert finished(client, second)["error"] is None
    return {"first": first, "second": second}


def get(client: Any, path: str, status: int = 200, **query: str) -> Any:
    answer = client.get(path, headers=BEARER, query_string=query)
    assert answer.status_code == status, answer.text
    return answer


@pytest.mark.slow
def test_both_engines_stand_side_by_side(client: Any, pair: dict[str, str]) -> None:
    found = get(client, f"{API}/opinions", **pair).json
    engines = [found[name]["engine"].partition(",")[0] for name in ("first", "second")]
    assert engines == ["native", "portable"]
    rows = {row["type"]: row for row in found["types"]}
    assert rows["module"]["first_objects"] > 100
    assert sum(row["reason"] is None for row in rows.values()) > len(rows) / 2
    assert rows["dict"]["second_objects"] > rows["dict"]["first_objects"]  # looking makes them
    assert rows["dict"]["reason"] == "dictionaries"
    total = sum(row["second_bytes"] for row in rows.values())
    assert found["second_bytes"] == total
    assert len(found["reasons"]) == len(found["facts"])
    schema = get(client, f"{API}/schema").json
    document = {**schema["answers"]["opinions"], "$defs": schema["$defs"]}
    assert jsonschema.Draft202012Validator(document).is_valid(found)
    page = get(client, f"{PREFIX}/opinions", q="dict", **pair).text
    assert found["reasons"][0] in page
    assert "Objects, portable" in page


@pytest.mark.slow
def test_they_are_never_subtracted(client: Any, pair: dict[str, str]) -> None:
    two = {"base": pair["first"], "target": pair["second"]}
    for path in ("report", "diff"):
        refused = get(client, f"{API}/{path}", 409, **two).json
        assert "different engines" in refused["detail"]
    led = client.get(f"{PREFIX}/compare", headers=BEARER, query_string=two)
    assert led.location.startswith(f"{PREFIX}/opinions?")
    overview = get(client, f"{PREFIX}/").text
    assert "Compare first and last" not in overview
    assert "See the evidence" not in overview
    later = capture(client)["id"]
    report = get(client, f"{API}/report", base=pair["first"], target=later).json
    assert report["interval"]["snapshots"] == 2  # without the one between them


@pytest.mark.slow
def test_foolish_pairs(client: Any, pair: dict[str, str]) -> None:
    first = pair["first"]
    for query, words in (({}, "first=ID"), ({"first": first, "second": first}, "native engine")):
        assert words in get(client, f"{API}/opinions", 400, **query).json["detail"]


def ask(client: Any, engine: object) -> Any:
    return client.post(f"{API}/snapshots", headers=BEARER, json={"engine": engine})


def test_an_engine_that_is_not_there_is_refused(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "engine must be one of" in ask(client, "odd").json["detail"]
    switched_off = mounted(tmp_path, engine="portable")
    refused = ask(switched_off, "native")
    assert refused.status_code == 409
    assert "HEAPVIEW_ENGINE=portable" in refused.json["detail"]
    other = mounted(tmp_path / "other")
    monkeypatch.setitem(available._PACKAGES, "no_such_module", "guppy4")
    refused = ask(other, "portable")
    assert refused.status_code == 409
    assert "needs guppy4" in refused.json["detail"]


def test_it_is_refused_when_it_does_not_fit(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_heapview.capture.portable.engine import PortableEngine

    first = capture(client)["id"]
    dear = CaptureCost(bytes=1 << 50, seconds=1.0, stall_seconds=0.1)
    monkeypatch.setattr(PortableEngine, "estimate", lambda *_: dear)
    refused = client.post(f"{PREFIX}/snapshots/{first}/opinion", headers=BEARER)
    assert refused.status_code == 409
    assert "memory" in refused.text
