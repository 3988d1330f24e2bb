"""Tracing is switched on and off."""

from __future__ import annotations

import tracemalloc

import pytest

from flask_heapview.allocations import tracing
from flask_heapview.allocations.samples import of_the_app
from flask_heapview.errors import BadRequest, Conflict
from flask_heapview.web import pipeline


def test_tracing_is_switched_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracing.mode() == "off"
    try:
        tracing.switch("exact", 5)
        assert (tracing.mode(), tracing.depth()) == ("exact", 5)
        tracing.switch("exact", 7)
        assert tracing.depth() == 7
        tracing.switch("off", None)
        assert (tracing.mode(), tracing.depth()) == ("off", 0)
    finally:
        tracemalloc.stop()
    tracing.switch("sampled")
    assert (tracing.mode(), tracing.depth()) == ("sampled", 32)
    tracing.switch("exact", 3)
    assert (tracing.mode(), tracing.depth()) == ("exact", 3)
    tracing.switch("off")
    monkeypatch.setattr(tracing, "core", None)
    monkeypatch.setattr(tracing, "WHY_NOT", "There was no C compiler.")
    with pytest.raises(Conflict, match="no C compiler"):
        tracing.switch("sampled", None)
    with pytest.raises(BadRequest, match="mode must be"):
        tracing.switch("loud", None)
    with pytest.raises(BadRequest, match="between 1 and 64"):
        tracing.switch("exact", 100)


def test_the_way_through_us_is_no_part_of_a_traceback() -> None:
    """Some requests pass the pipeline in C, some in Python."""
    inner, outer = ("/srv/app.py", "page", 17), ("/srv/flask/app.py", "wsgi_app", 1511)
    passed = (pipeline.__file__, "dispatch", 111)
    assert of_the_app([inner, passed, outer]) == [inner, outer]
    assert of_the_app([passed]) == [passed]
