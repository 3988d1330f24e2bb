"""Figures and times as the pages show them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest

from flask_heapview.model.births import Births
from flask_heapview.render.html import ago_text, bars


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("now", [1_783_339_200.0, 1_768_219_200.0], ids=["July", "January"])
@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s ago"), (600, "10 min ago"), (7200, "2 h ago"), (3 * 86400, "3 d ago")],
)
def test_ago_is_the_same_in_summer(
    berlin: None, monkeypatch: pytest.MonkeyPatch, now: float, seconds: float, text: str
) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
    taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - seconds))
    assert ago_text(taken_at) == text


def test_a_time_that_is_none_is_shown_as_it_is() -> None:
    assert ago_text("yesterday") == "yesterday"


def test_births_are_drawn_as_they_come() -> None:
    """A report has them as an object, a cell of a table as JSON."""
    births = Births(until=16, size=(1,) * 16, samples=(1,) * 16)
    assert bars(births) == bars(msgspec.to_builtins(births)) == (4,) * 4
