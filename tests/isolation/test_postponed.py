"""No collection begins while a child lives, and the collector is as it was in every case."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from flask_heapview.isolation import forked_child
from flask_heapview.isolation.postponed import POSTPONED, Postponement
from flask_heapview.isolation.progress_page import ProgressPage
from flask_heapview.process.collector import read_gc

from ..run_isolated import alone


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    was = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was else gc.disable)()


def spawn(page: ProgressPage) -> forked_child.Child:
    def work() -> None:
        page.advance("walking", 1, 2)
        time.sleep(60)

    return forked_child.spawn(work, page, 60, keep=())


def test_a_killed_child_leaves_the_collector_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    page = ProgressPage(None)
    child = spawn(page)
    ended = child.ended

    def look() -> bool:
        seen.append(gc.isenabled())
        if len(seen) == 3:
            os.kill(child.pid, signal.SIGKILL)
        return ended()

    monkeypatch.setattr(child, "ended", look)
    POSTPONED.allow()
    try:
        with pytest.raises(forked_child.ChildFailed, match="SIGKILL"):
            child.watch(page, 60)
    finally:
        child.close()
    assert not any(seen)
    assert gc.isenabled()


def test_an_error_on_the_way_leaves_it_as_it_was() -> None:
    POSTPONED.allow()

    def fail() -> None:
        with POSTPONED.collections():
            assert not gc.isenabled()
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        fail()
    assert gc.isenabled()


def test_a_service_without_a_collector_stays_without_one() -> None:
    POSTPONED.allow()
    gc.disable()
    with POSTPONED.collections():
        assert gc.collect() >= 0  # one that is asked for still runs
    assert not gc.isenabled()


def test_nothing_is_put_off_until_it_was_allowed() -> None:
    with Postponement().collections():
        assert gc.isenabled()


def test_a_process_that_the_service_forks_meanwhile_collects() -> None:
    read, write = os.pipe()
    POSTPONED.allow()
    with POSTPONED.collections():
        pid = os.fork()
        if pid == 0:
            os.write(write, b"yes" if gc.isenabled() else b"no")
            os._exit(0)
        assert not gc.isenabled()
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        assert answer.read() == b"yes"
    os.waitpid(pid, 0)


CAPTURED = """
from flask import Flask
from flask_heapview import HeapView

app = Flask("shop")
HeapView(app, token="a-token-for-the-tests-0123456789", dir=str(store.directory))
kept = [[n] for n in range(3_000_000)]
gc.collect()
client = app.test_client()
headers = {"Authorization": "Bearer a-token-for-the-tests-0123456789"}
api = "/_debug/memory/api/v1/snapshots"
number = client.post(api, headers=headers, json={}).json["id"]
states, runs, enabled = set(), [], []
enable = gc.enable
gc.enable = lambda: (enabled.append(True), enable())
gc.callbacks.append(lambda phase, info: runs.append(info["generation"]))
while client.get(f"{api}/{number}", headers=headers).json["state"] == "running":
    was = gc.isenabled()
    if not was:
        ended = len(enabled)
        runs.clear()
        work = [[n] for n in range(20_000)]
        seen = len(runs)
        if len(enabled) == ended:  # put off all the while
            states.add(("while put off", seen))
say(states=sorted(states), enabled=gc.isenabled())
"""


def test_a_capture_of_a_mounted_service_puts_collections_off() -> None:
    found: Any = alone(CAPTURED)
    assert found["enabled"]
    assert found["states"] == [["while put off", 0]]


def test_a_collector_that_is_put_off_is_shown_as_on() -> None:
    POSTPONED.allow()
    with POSTPONED.collections():
        assert not gc.isenabled()
        assert read_gc().enabled
    gc.disable()
    assert not read_gc().enabled
