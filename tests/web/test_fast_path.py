"""What nearly every request passes in C does what Python does for the others."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask import Flask, abort, request

from flask_heapview import HeapView
from flask_heapview.allocations import reader, tracing
from flask_heapview.core.loader import core
from flask_heapview.inspection.code_locations import CodeLocations
from flask_heapview.request_context import BEGUN, SERVING, steps_of
from flask_heapview.service.service import EXTENSION, Service
from flask_heapview.web import fast_path

from ..helpers import API, BEARER, TOKEN

needs_core = pytest.mark.skipif(core is None, reason="the native core is not built")
NEVER = 1 << 62  # nanoseconds


class Torn(Exception):
    """What a function of the app raises."""


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    made = Flask("shop")
    made.config["HEAPVIEW_DIR"] = str(tmp_path / "heapview")
    HeapView(made, token=TOKEN)

    @made.get("/plain")
    def plain() -> str:
        return str(SERVING.get())

    @made.get("/wrong")
    def wrong() -> str:
        raise Torn

    @made.get("/none")
    def none() -> str:
        abort(404)

    @made.get("/item/<int:number>")
    def item(number: int) -> str:
        return str(number)

    return made


def service_of(app: Flask) -> Service:
    found: Service = app.extensions[EXTENSION]
    return found


def no_reading_is_due(app: Flask) -> None:
    history: Any = service_of(app).level_history
    history._left, history._due = 0, NEVER


def counted(app: Flask) -> dict[str, int]:
    """Requests by endpoint, and how many have begun and ended."""
    service = service_of(app)
    history: Any = service.level_history
    begun, ended = steps_of(history._begun), steps_of(history._ended)
    return {**service.requests(), "begun": begun, "ended": ended}


def traffic(app: Flask) -> None:
    client = app.test_client()
    for number in range(5):
        assert client.get("/plain").text == "plain"
        assert client.get("/wrong").status_code == 500
        assert client.get("/none").status_code == 404
        assert client.get("/nowhere").status_code == 404
        assert client.get(f"/item/{number}").text == str(number)
        assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
        assert SERVING.get() is None


def entered(app: Flask, path: str, times: int) -> Counter[str]:
    """How often functions of the pipeline were called in Python meanwhile."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith("web/pipeline.py"):
            calls[frame.f_code.co_name] += 1

    client = app.test_client()
    sys.setprofile(note)
    try:
        for _ in range(times):
            client.get(path)
    finally:
        sys.setprofile(None)
    return calls


def test_the_books_are_the_same(app: Flask) -> None:
    traffic(app)
    expected = {"plain": 5, "wrong": 5, "none": 5, "item": 5, "(no route)": 5}
    assert counted(app) == {**expected, "begun": 30, "ended": 30}
    no_reading_is_due(app)
    traffic(app)
    doubled = {name: 2 * count for name, count in expected.items()}
    assert counted(app) == {**doubled, "begun": 60, "ended": 60}


@needs_core
def test_a_usual_request_meets_no_python_of_ours(app: Flask) -> None:
    app.test_client().get("/plain")
    no_reading_is_due(app)
    assert entered(app, "/plain", 20) == {}
    # what is not usual does: no rule, one of ours, a reading that is due
    assert entered(app, "/nowhere", 1)["dispatch"] == 1
    assert entered(app, f"{API}/workers", 1)["dispatch"] == 1
    service_of(app).level_history._due = 0
    assert entered(app, "/plain", 1)["dispatch"] == 1


def test_without_the_core_python_does_it(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_path, "core", None)
    other = Flask("other")
    other.config["HEAPVIEW_DIR"] = str(tmp_path / "other")
    HeapView(other, token=TOKEN)
    other.add_url_rule("/plain", "plain", lambda: str(SERVING.get()))
    assert other.test_client().get("/plain").text == "plain"
    no_reading_is_due(other)
    assert entered(other, "/plain", 3)["dispatch"] == 3
    assert counted(other) == {"plain": 4, "begun": 4, "ended": 4}


def test_an_error_of_the_apps_is_the_apps(app: Flask) -> None:
    """The request has ended all the same, and its mark is gone."""
    left: list[bool] = []

    @app.teardown_request
    def torn(error: BaseException | None) -> None:
        left.append(BEGUN in request.environ)
        raise Torn

    client = app.test_client()
    for _ in range(3):
        with pytest.raises(Torn):
            client.get("/plain")
        no_reading_is_due(app)
    assert left == [False, False, False]
    assert counted(app) == {"plain": 3, "begun": 3, "ended": 3}
    assert SERVING.get() is None


@needs_core
def test_it_keeps_nothing(app: Flask) -> None:
    client = app.test_client()
    client.get("/plain")
    no_reading_is_due(app)
    held = (SERVING, service_of(app), app, BEGUN, service_of(app).level_history)
    before = [sys.getrefcount(one) for one in held]
    for _ in range(300):
        client.get("/plain")
    after = [sys.getrefcount(one) for one in held]
    assert all(abs(b - a) < 50 for a, b in zip(before, after, strict=True))


@needs_core
@pytest.mark.parametrize("wrong", [{"ours": 1}, {"slow": ()}, {"rules": []}, {"begun_key": b""}])
def test_what_it_is_made_of_is_checked(app: Flask, wrong: dict[str, Any]) -> None:
    assert core is not None
    given: dict[str, Any] = {
        "app": app,
        "service": None,
        "history": None,
        "counter": None,
        "current": SERVING,
        "ours": SERVING,
        "serving": SERVING,
        "local_call": SERVING,
        "rules": {},
        "begun_key": BEGUN,
        "own_tag": "",
        "slow": (len, len, len),
        "methods": ("a", "b", "c"),
    }
    core.RequestPath(**given)
    with pytest.raises((TypeError, ValueError)):
        core.RequestPath(**given | wrong)


@needs_core
@pytest.mark.parametrize("mode", ["exact", "sampled"])
def test_both_ways_are_one_in_a_traceback(app: Flask, mode: str) -> None:
    """A request that passed in Python and one that passed in C have the same callers."""
    kept = []

    @app.get("/keep")
    def keep() -> str:
        kept.append(bytes(100_000))
        return "kept"

    client = app.test_client()
    client.get("/keep")
    tracing.switch(mode, 60, None if mode == "exact" else 1)
    try:
        for due in (0, NEVER):
            history: Any = service_of(app).level_history
            history._left, history._due = 0, due
            client.get("/keep")
        found = reader.read_allocations(CodeLocations([], []))
    finally:
        tracing.switch("off")
    stacks = found.stacks
    here = [n for n in range(len(stacks)) if stacks.size[n] >= 100_000]
    assert [stacks.count[n] for n in here] == [2]
    assert not any("web/pipeline.py" in frame.file for frame in stacks.frames)
