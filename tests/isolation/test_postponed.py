"""No full collection begins while a child lives, and the collector is as it was in every case."""

from __future__ import annotations

import gc
import os
import signal
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from flask_heapview.isolation import forked_child
from flask_heapview.isolation.postponed import NEVER, POSTPONED, Postponement
from flask_heapview.isolation.progress_page import ProgressPage
from flask_heapview.process.collector import read_gc

from ..run_isolated import alone


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    was, thresholds = gc.isenabled(), gc.get_threshold()
    gc.enable()
    yield
    (gc.enable if was else gc.disable)()
    gc.set_threshold(*thresholds)


def has_oldest() -> bool:
    """Whether the collector has a generation of its own for old objects, as most releases have."""
    kept = gc.get_threshold()
    gc.set_threshold(kept[0], kept[1], 12345)
    found = gc.get_threshold()[2] == 12345
    gc.set_threshold(*kept)
    return found and not sysconfig.get_config_var("Py_GIL_DISABLED")


def is_put_off() -> bool:
    return gc.get_threshold()[2] == NEVER if has_oldest() else not gc.isenabled()


def spawn(page: ProgressPage) -> forked_child.Child:
    def work() -> None:
        page.advance("walking", 1, 2)
        time.sleep(60)

    return forked_child.spawn(work, page, 60, keep=())


def seen_until_killed(
    monkeypatch: pytest.MonkeyPatch, question: Callable[[], bool]
) -> Sequence[bool]:
    """What it answers at the first three looks at a child, which is then killed."""
    seen: list[bool] = []
    page = ProgressPage(None)
    child = spawn(page)
    ended = child.ended

    def look() -> bool:
        seen.append(question())
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
    return seen


def is_true_in_a_child(question: Callable[[], bool]) -> bool:
    """What it answers in a process that is forked now."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, b"yes" if question() else b"no")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        found = answer.read()
    os.waitpid(pid, 0)
    return found == b"yes"


def test_a_killed_child_leaves_the_collector_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(seen_until_killed(monkeypatch, is_put_off))
    assert gc.isenabled()
    assert not is_put_off()


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
    POSTPONED.allow()
    with POSTPONED.collections():
        assert is_true_in_a_child(gc.isenabled)
        assert not gc.isenabled()


CAPTURED = """
from flask import Flask
from flask_heapview import HeapView
from flask_heapview.isolation.postponed import NEVER

app = Flask("shop")
HeapView(app, token="a-token-for-the-tests-0123456789", dir=str(store.directory))
kept = [[n] for n in range(3_000_000)]
gc.collect()
client = app.test_client()
headers = {"Authorization": "Bearer a-token-for-the-tests-0123456789"}
api = "/_debug/memory/api/v1/snapshots"
number = client.post(api, headers=headers, json={}).json["id"]
states, runs = set(), []
put_off = lambda: gc.get_threshold()[2] == NEVER or not gc.isenabled()
gc.callbacks.append(lambda phase, info: runs.append(info["generation"]))
while client.get(f"{api}/{number}", headers=headers).json["state"] == "running":
    runs.clear()
    if put_off():
        work = [[n] for n in range(200_000)]
        if put_off():
            states.add(max(runs, default=-1))
say(states=sorted(states), enabled=gc.isenabled(), after=put_off())
"""


def test_a_capture_of_a_mounted_service_puts_full_collections_off() -> None:
    """The younger ones go on, where there are generations."""
    found: Any = alone(CAPTURED)
    assert found["enabled"]
    assert not found["after"]
    assert found["states"] == [1 if has_oldest() else -1]


def test_young_objects_are_collected_all_the_while() -> None:
    if not has_oldest():
        pytest.skip("this collector works by increments")
    POSTPONED.allow()
    runs: list[int] = []

    def seen(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            runs.append(info["generation"])

    gc.callbacks.append(seen)
    try:
        with POSTPONED.full_collections():
            work = [[n] for n in range(300_000)]
    finally:
        gc.callbacks.remove(seen)
    assert set(runs) == {0, 1}
    assert len(work) == 300_000


def test_thresholds_that_the_service_sets_meanwhile_stay() -> None:
    POSTPONED.allow()
    with POSTPONED.full_collections():
        gc.set_threshold(900, 9, 8)
        assert POSTPONED.thresholds == gc.get_threshold()
    assert gc.get_threshold()[:2] == (900, 9)


def test_thresholds_are_shown_as_the_service_has_them() -> None:
    POSTPONED.allow()
    gc.set_threshold(901, 11, 12)
    known = gc.get_threshold()
    with POSTPONED.full_collections():
        assert [one.threshold for one in read_gc().generations] == list(known)
    assert gc.get_threshold() == known


def test_a_child_of_the_service_has_its_thresholds() -> None:
    POSTPONED.allow()
    known = gc.get_threshold()
    with POSTPONED.full_collections():
        assert is_true_in_a_child(lambda: gc.isenabled() and gc.get_threshold() == known)
        assert is_put_off()


def test_what_another_has_put_off_goes_on() -> None:
    """Whoever attaches has their own reason: what their modules held is freed at once."""
    gc.disable()
    with POSTPONED.by_another(True):
        POSTPONED.relent()
        assert not gc.isenabled()
        assert POSTPONED.collecting
    POSTPONED.allow()
    gc.enable()
    with POSTPONED.collections():
        POSTPONED.relent()
        assert not gc.isenabled()


def test_without_generations_it_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Postponement, "_put_off_the_oldest", lambda _: False)
    monkeypatch.setattr(forked_child, "MAX_PUT_OFF_SECONDS", 0.0)
    assert seen_until_killed(monkeypatch, gc.isenabled)[:2] == [False, True]
    assert gc.isenabled()


def test_a_collector_that_is_put_off_is_shown_as_on() -> None:
    POSTPONED.allow()
    with POSTPONED.collections():
        assert not gc.isenabled()
        assert read_gc().enabled
    gc.disable()
    assert not read_gc().enabled
