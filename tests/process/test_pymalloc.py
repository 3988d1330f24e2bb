"""The arenas of Python's small objects, in the live process."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from types import SimpleNamespace

import pytest

from flask_heapview.allocations import tracing
from flask_heapview.core.loader import WHY_NOT, core
from flask_heapview.model.process import Process
from flask_heapview.process import pymalloc
from flask_heapview.process.pymalloc import with_pymalloc

if core is None:
    pytest.skip(WHY_NOT, allow_module_level=True)
BARE = Process()


@pytest.fixture(autouse=True)
def unpriced() -> None:
    pymalloc._PRICE.clear()


def used() -> int:
    found = with_pymalloc(BARE).allocators
    assert found.pymalloc_arenas is not None
    assert found.pymalloc_used is not None
    assert found.pymalloc_free == found.pymalloc_arenas - found.pymalloc_used
    return found.pymalloc_used


def test_they_grow_with_the_heap_and_shrink_with_it() -> None:
    gc.collect()  # or what other tests left behind goes while these lists come
    before = used()
    kept = [[number] for number in range(100_000)]
    grown = used()
    assert grown - before > 100_000 * (sys.getsizeof([1]) - 16)
    kept.clear()
    assert used() < before + (grown - before) / 10


def test_freed_objects_that_their_type_keeps_are_free() -> None:
    """2,000 freed tuples of one size stay in a list: 128 kB."""
    if with_pymalloc(BARE).allocators.pymalloc_kept is None:
        pytest.skip("this Python does not tell what its types keep")
    gc.collect()  # empties the lists
    before = used()
    tuples = [(number, number, number) for number in range(5000)]
    assert used() - before > 5000 * 48
    del tuples
    assert abs(used() - before) < 20_000


def test_they_are_told_under_the_sampler_and_under_tracemalloc() -> None:
    plain = used()
    tracing.switch("sampled")
    assert used() == pytest.approx(plain, rel=0.2)
    tracemalloc.start()
    try:
        assert used() == pytest.approx(plain, rel=0.2)
        before = tracemalloc.get_traced_memory()[0]
        kept = [bytes(400) for _ in range(1000)]
        assert tracemalloc.get_traced_memory()[0] - before > 400 * len(kept)  # it traces on
    finally:
        tracemalloc.stop()


def test_what_is_swapped_out_is_left_there() -> None:
    assert with_pymalloc(Process(swap=4096)).allocators.pymalloc_used is None


def test_what_takes_too_long_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5])
    monkeypatch.setattr(pymalloc, "time", SimpleNamespace(thread_time=lambda: next(clock)))
    assert with_pymalloc(BARE).allocators.pymalloc_used is not None
    assert with_pymalloc(BARE).allocators.pymalloc_used is None


def test_where_cpython_has_another_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pymalloc, "parse_pymalloc", lambda _: None)
    assert with_pymalloc(BARE) is BARE
    monkeypatch.setattr(pymalloc, "core", None)
    assert with_pymalloc(BARE) is BARE
