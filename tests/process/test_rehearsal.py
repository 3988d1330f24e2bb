"""What releasing memory would give back: as much as it then does, and nothing before."""

from __future__ import annotations

import pytest

from flask_heapview.errors import Conflict, NotEnoughMemory
from flask_heapview.isolation import forked_child
from flask_heapview.model.process import Headroom
from flask_heapview.process import glibc, rehearsal

from ..run_isolated import alone
from .holes import HOLES

needs_trim = pytest.mark.skipif(not glibc.can_trim(), reason="this C library has no malloc_trim")


@needs_trim
def test_it_says_what_then_comes_back() -> None:
    found = alone(
        HOLES
        + """
import psutil
from flask_heapview.process import glibc, rehearsal
leave_holes(800)
resident = psutil.Process().memory_info().rss
tried = rehearsal.trim()
still = psutil.Process().memory_info().rss
before, after = glibc.trim()
again = rehearsal.trim()
say(resident=resident, tried=tried, still=still, real=before - after, again=again["freed"])
"""
    )
    assert found["real"] > 30_000_000
    assert found["tried"]["freed"] == pytest.approx(found["real"], abs=3_000_000)
    assert found["still"] == pytest.approx(found["resident"], abs=3_000_000)
    assert found["tried"]["after"] == found["tried"]["before"] - found["tried"]["freed"]
    assert "still holds it" in found["tried"]["meaning"]
    assert found["again"] < 3_000_000


@needs_trim
def test_where_it_cannot_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rehearsal, "read_headroom", lambda: Headroom(17_000_000, {"machine": 1}))
        refused = "tries it would need about [0-9]+ MB, and the machine has 17 MB left"
        with pytest.raises(NotEnoughMemory, match=refused):
            rehearsal.trim()
    with monkeypatch.context() as patch:
        patch.setattr(forked_child, "can_fork", lambda: False)
        with pytest.raises(Conflict, match="does not fork"):
            rehearsal.trim()
    with monkeypatch.context() as patch:
        patch.setattr(glibc, "_trim", None)
        with pytest.raises(Conflict, match="no malloc_trim"):
            rehearsal.trim()
    with rehearsal._GOING_ON, pytest.raises(Conflict, match="already"):
        rehearsal.trim()


@needs_trim
def test_a_child_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise MemoryError

    monkeypatch.setattr(glibc, "trim", fails)
    with pytest.raises(Conflict, match="without an answer"):
        rehearsal.trim()
    assert not rehearsal._GOING_ON.locked()
