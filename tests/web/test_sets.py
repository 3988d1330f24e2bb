"""Sets have no order: whether entries went is told by the least of their hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview.core.loader import core
from flask_heapview.store.snapshots import Store

from ..helpers import answered_here, capture

if core is None:
    pytest.skip("only the native engine tells", allow_module_level=True)

seen: set[Any] = set()


@pytest.fixture
def marks(make_app: Callable[..., Flask]) -> Iterator[Callable[[], list[int]]]:
    """The marks of `seen` as a capture has them."""
    app = make_app()

    def look() -> list[int]:
        taken = capture(app.test_client())["id"]
        snapshot = Store(Path(app.extensions["heapview"].config.dir)).load(taken)
        (holder,) = [one for one in snapshot.ownership.holders if one.path == f"{__name__}.seen"]
        return [half for mark in holder.ends for half in (mark & 0xFFFF_FFFF, mark >> 32)]

    with answered_here():
        yield look
    seen.clear()


def test_what_comes_lowers_them_and_what_goes_lets_them_rise(
    marks: Callable[[], list[int]],
) -> None:
    seen.update(f"visitor {n}" for n in range(400))
    first = marks()
    assert marks() == first
    seen.update(f"visitor {n}" for n in range(400, 4000))
    second = marks()
    assert all(now <= before for before, now in zip(first, second, strict=True))
    for turn in range(8):  # each clearing shows with a chance of fifteen in sixteen, or less
        seen.clear()
        seen.update(f"visitor of day {turn}, {n}" for n in range(40))
        if any(now > before for before, now in zip(second, marks(), strict=True)):
            return
    pytest.fail("nothing went, they say")


def test_a_number_cannot_be_read_from_them(marks: Callable[[], list[int]]) -> None:
    seen.update(range(1_000_000, 1_000_020))
    assert not set(marks()) & seen
    assert all(0 < mark < 2**32 for mark in marks())
