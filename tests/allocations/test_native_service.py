"""Native memory in a service: the API, the setting, the snapshot, the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.allocations import native_sampler
from flask_heapview.model.snapshot import Snapshot

from ..helpers import API, BEARER, TOKEN, capture, not_under_asan
from . import native
from .native_library import leaky

__all__ = ["leaky"]  # a fixture


@pytest.fixture(autouse=True)
def _off() -> Iterator[None]:
    yield
    native_sampler.switch(False)
    native_sampler._Wanted.refused = False


@pytest.fixture
def app(leaky: Path, tmp_path: Path) -> Iterator[Flask]:
    library = native.loaded(leaky)
    made = Flask("shop")
    made.config["HEAPVIEW_DIR"] = str(tmp_path / "heapview")

    @made.get("/invoice")
    def invoice() -> str:
        library.leak_blocks(20_000, 10)
        return "an invoice"

    @made.get("/page")
    def page() -> str:
        library.churn(20_000, 10)
        return "a page"

    yield made
    library.give_back()


def switched(client: Any, on: object) -> Any:
    return client.post(f"{API}/allocations", headers=BEARER, json={"native": on})


def snapshot_of(app: Flask, found: str) -> Snapshot:
    loaded: Snapshot = app.extensions["heapview"].store.load(found)
    return loaded


@not_under_asan
def test_a_native_leak_is_named(app: Flask, leaky: Path) -> None:
    HeapView(app, token=TOKEN)
    client = app.test_client()
    assert switched(client, True).json["native"] is True
    taken = []
    for _ in range(3):
        taken.append(capture(client)["id"])
        for _ in range(120):
            client.get("/invoice")
            client.get("/page")
    taken.append(capture(client)["id"])
    report = client.get(f"{API}/report?base={taken[0]}&target={taken[-1]}", headers=BEARER).json
    suspect = next(one for one in report["suspects"] if one["cause"] == "native")
    row = suspect["allocated_at"][0]
    assert (row["library"], row["function"]) == (leaky.name, "leak_blocks")
    assert row["file"] == __file__
    assert suspect["endpoints"] == [{"endpoint": "invoice", "share": 1.0}]
    found = snapshot_of(app, taken[-1]).native
    assert found.on
    (leak,) = [site for site in found.sites if site.function == "leak_blocks"]
    assert leak.size == pytest.approx(3 * 120 * 200_000, rel=0.4)
    assert not [site for site in found.sites if site.endpoint == "page" and site.size > 10_000_000]


def test_off_is_off_until_somebody_wants_it(app: Flask) -> None:
    HeapView(app, token=TOKEN, native="off")
    client = app.test_client()
    taken = capture(client)["id"]
    assert not native_sampler.is_on()
    assert not snapshot_of(app, taken).native.on
    assert switched(client, True).json["native"] is True
    assert switched(client, False).json["native"] is False
    for wrong in ("yes", 1, []):
        assert switched(client, wrong).status_code == 400
    assert not native_sampler.is_on()


@pytest.mark.parametrize(
    ("setting", "at_once", "after_one"),
    [
        ({}, False, True),
        ({"native": "off"}, False, False),
        ({"native": "auto"}, False, True),
        ({"native": "on"}, True, True),
    ],
)
def test_the_setting(app: Flask, setting: dict[str, str], at_once: bool, after_one: bool) -> None:
    HeapView(app, token=TOKEN, **setting)
    assert native_sampler.is_on() is at_once
    capture(app.test_client())
    assert native_sampler.is_on() is after_one


def test_a_refusal_has_its_reason(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_sampler, "_start", lambda *_: "this C library is not known")
    HeapView(app, token=TOKEN, native="auto")
    refused = switched(app.test_client(), True)
    assert refused.status_code == 409
    assert refused.json["detail"] == (
        "Native memory cannot be sampled here: this C library is not known."
    )
    assert capture(app.test_client())["state"] == "done"
