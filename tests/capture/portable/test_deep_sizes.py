"""Deep sizes are estimated from samples, in time."""

from __future__ import annotations

import signal
import time

import pytest

from flask_heapview.capture.portable import deep_sizes
from flask_heapview.capture.portable.deep_sizes import Sizer, entries_of, estimate
from flask_heapview.inspection.type_info import Types

from ... import sample_objects


def test_an_estimate_has_its_error() -> None:
    assert estimate([10] * 5, 5) == (50, 0)
    total, error = estimate([10, 12, 8, 10], 400)
    assert (total, 0 < error < 1000) == (4000, True)
    assert estimate([10], 3) == (30, 30)


def test_samples_of_entries() -> None:
    types = Types()
    entries, total = entries_of(sample_objects.text_cache, types.of(sample_objects.text_cache))
    assert (len(entries), total) == (24, 1000)
    entries, total = entries_of(sample_objects.bounded, types.of(sample_objects.bounded))
    assert (len(entries), total) == (24, 150)
    entries, total = entries_of(sample_objects.square, types.of(sample_objects.square))
    assert total >= 50
    unbounded = sample_objects.Store.__dict__["total"]
    assert entries_of(unbounded, types.of(unbounded))[1] == 250


class Endless:
    """Measuring that takes forever, and swallows what interrupts it."""

    swallowed: list[int] = []

    def __call__(self, _: object) -> int:
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                if len(self.swallowed) > 2:
                    raise
                self.swallowed.append(1)


def test_sizing_gives_up_in_time_and_keeps_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deep_sizes, "_asizeof", Endless())
    before = signal.getsignal(signal.SIGALRM)
    sizer = Sizer(signal.signal, Types())
    sizer.left = 0.2
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        assert sizer.measure([[1]], 1) is None
        assert sizer.left < 0.2
        assert len(Endless.swallowed) == 3
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        sizer.left = 0
        assert sizer.measure([[1]], 1) is None
        monkeypatch.undo()
        fresh = Sizer(signal.signal, Types())
        measured = fresh.measure([[1] * 10] * 3, 3)
        assert measured is not None
        assert measured[1:] == (0, 3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Part:
    def __init__(self) -> None:
        self.text = "x" * 10_000

    def __sizeof__(self) -> int:
        raise AssertionError("the application was asked")


def test_what_is_not_plain_is_sized_without_asking_it() -> None:
    measured = Sizer(signal.signal, Types()).measure([[Part(), Part()]], 1)
    assert measured is not None
    assert 20_000 < measured[0] < 22_000
