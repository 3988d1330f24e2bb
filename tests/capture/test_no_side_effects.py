"""After a capture the service is as it was."""

from __future__ import annotations

import gc
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import psutil
import pytest

from flask_heapview.allocations import tracing
from flask_heapview.capture.base import CaptureRequest
from flask_heapview.capture.runner import Runner
from flask_heapview.capture.select import select_engine
from flask_heapview.store.snapshots import Store

from ..helpers import wait_until


class Plain:
    def __init__(self) -> None:
        self.name = "plain"


def has_dict(obj: object) -> bool:
    """Whether the instance's dictionary was made; looking at it would make it."""
    return any(type(ref) is dict for ref in gc.get_referents(obj))


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def shared_maps() -> list[str]:
    """What this process shares with others: mapped files of the store, and shared memory."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in lines if "heapview/" in line or "/dev/shm" in line or " rw-s " in line]


def children() -> list[Any]:
    return psutil.Process().children()


def run(runner: Runner, store: Store) -> None:
    info = runner.start(CaptureRequest(worker="w"), store)
    wait_until(lambda: store.info(info.id).state != "running", 120)
    assert store.info(info.id).error is None
    wait_until(lambda: "heapview-capture" not in {t.name for t in threading.enumerate()})


# a capture of the portable engine takes long in a process as large as this one
ENGINES = ["native", pytest.param("portable", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=ENGINES)
def warm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Runner, Store]:
    """The first capture imports what all need; what is measured is those after it."""
    place = tmp_path_factory.mktemp("warm") / "heapview"
    runner, store = Runner(select_engine(request.param), 120), Store(place)
    run(runner, store)
    return runner, store


def test_the_heap_is_as_it_was(warm: tuple[Runner, Store]) -> None:
    runner, store = warm
    plain = [Plain() for _ in range(1000)]
    made = sum(map(has_dict, plain))
    run(runner, store)
    gc.collect()
    before = sys.getallocatedblocks()
    run(runner, store)
    gc.collect()
    assert sum(map(has_dict, plain)) == made
    assert sys.getallocatedblocks() - before < 500


def test_the_collector_is_as_it_was(warm: tuple[Runner, Store]) -> None:
    runner, store = warm
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        gc.set_threshold(701, 11, 12)
        gc.set_debug(gc.DEBUG_UNCOLLECTABLE)
        state = gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.garbage)
        collections = [s["collections"] for s in gc.get_stats()][2]
        try:
            run(runner, store)
            now = gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.garbage)
        finally:
            gc.enable()
            gc.set_threshold(700, 10, 10)
            gc.set_debug(0)
        assert now == state
        if not enabled:
            assert [s["collections"] for s in gc.get_stats()][2] == collections


@pytest.mark.parametrize("traced", [False, True])
def test_tracemalloc_is_as_it_was(warm: tuple[Runner, Store], traced: bool) -> None:
    runner, store = warm
    if traced:
        tracing.switch("exact", 3)
    try:
        run(runner, store)
        assert tracemalloc.is_tracing() is traced
        assert not traced or tracemalloc.get_traceback_limit() == 3
    finally:
        tracemalloc.stop()


def test_nothing_is_left_behind(warm: tuple[Runner, Store]) -> None:
    runner, store = warm
    run(runner, store)
    wait_until(lambda: not children() and threading.active_count() == 1)
    fds = descriptors()
    maps = shared_maps()
    run(runner, store)
    wait_until(lambda: not children() and threading.active_count() == 1)
    assert len(descriptors()) == len(fds)  # by which the reader sees us may have another number
    assert shared_maps() == maps
    assert not [name for name in os.listdir("/dev/shm") if "heapview" in name]
    left = {p.suffix if p.suffix != ".lock" else p.name for p in store.directory.iterdir()}
    assert {name for name in left if not name.startswith("reader-")} == {
        ".snapshot",
        "capture.lock",
    }


def test_local_data_of_threads_is_not_destroyed_in_the_child(
    warm: tuple[Runner, Store], tmp_path: Path
) -> None:
    runner, store = warm
    note = tmp_path / "destroyed"

    class Session:
        def __del__(self) -> None:
            note.write_text(str(os.getpid()))

    local, ready, done = threading.local(), threading.Event(), threading.Event()

    def work() -> None:
        local.session = Session()
        ready.set()
        done.wait()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    run(runner, store)
    assert not note.exists()
    done.set()
    thread.join()
    assert note.read_text() == str(os.getpid())
