"""No collection begins on its own where the frames of other threads are looked at."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from flask_heapview.isolation.thread_frames import thread_frames
from flask_heapview.workers import server_role

from ..helpers import ROOT

inside_of_instructions = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="collections begin between instructions alone"
)


@pytest.fixture
def collected_in() -> Iterator[list[str]]:
    """The functions in which collections begin; each object that is made may begin one."""
    found: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        found.append(sys._getframe(1).f_code.co_name)

    before = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(1)
    try:
        yield found
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(note)


def deep(levels: int, stop: threading.Event, there: threading.Event) -> None:
    if levels:
        deep(levels - 1, stop, there)
    else:
        there.set()
        stop.wait()


@inside_of_instructions
def test_none_begins_while_frames_are_walked(collected_in: list[str]) -> None:
    stop, there = threading.Event(), threading.Event()
    thread = threading.Thread(target=deep, args=(20, stop, there))
    thread.start()
    there.wait()
    names = []
    with thread_frames() as frames:
        before = len(collected_in)
        frame = frames.get(thread.ident or 0)
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        during = collected_in[before:]
    stop.set()
    thread.join()
    assert names.count("deep") == 21
    assert during == []
    assert [[] for _ in range(3)]  # and the collector works on
    assert len(collected_in) > before


@inside_of_instructions
def test_none_begins_while_it_is_asked_what_the_main_thread_runs(
    collected_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    during: list[list[str]] = []

    @contextmanager
    def watched() -> Iterator[dict[int, FrameType]]:
        with thread_frames() as frames:
            before = len(collected_in)
            yield frames
            during.append(collected_in[before:])

    monkeypatch.setattr(server_role, "thread_frames", watched)
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(server_role.is_supervisor()))
    thread.start()
    thread.join()
    assert found == [False]
    assert during == [[]]


def test_a_service_without_a_collector_stays_without_one() -> None:
    gc.disable()
    try:
        with thread_frames() as frames:
            assert threading.get_ident() in frames
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_frames_are_asked_for_in_one_place() -> None:
    package = ROOT / "flask_heapview"
    users = {
        str(path.relative_to(package))
        for path in Path(package).rglob("*.py")
        if "sys._current_frames()" in path.read_text()
    }
    assert users == {"isolation/thread_frames.py"}
