"""What the process takes, read between requests or while some are served."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from pathlib import Path

import pytest

from flask_heapview.process import level_history as module
from flask_heapview.process.level_history import (
    MAX_ENDPOINTS,
    MAX_READINGS,
    OTHER_ENDPOINTS,
    READINGS_AFTER_CAPTURE,
    LevelHistory,
)
from flask_heapview.request_context import RequestCounter

from ..helpers import needs
from ..run_isolated import alone

_core = pytest.importorskip("flask_heapview.core._core", reason="the core is not built")


def needs_glibc() -> None:
    needs(_core.levels(())[0], "another allocator stands in for the C library's")


def noted(requests: int, *names: str) -> LevelHistory:
    """So many requests of each in turn, with a reading before every one."""
    counter = RequestCounter()
    found = LevelHistory(counter)
    serve(found, counter, requests, *names)
    return found


def serve(found: LevelHistory, counter: RequestCounter, requests: int, *names: str) -> None:
    """So many requests of each in turn, and a reading is due before every one."""
    for n in range(requests):
        found._due = 0
        found.begin()
        counter.add(names[n % len(names)])
        found.end()


def test_the_levels_are_those_of_the_system() -> None:
    import ctypes

    needs_glibc()
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    malloc, anonymous, files = _core.levels(())
    blocks = [library.malloc(100_000) for _ in range(100)]
    more, resident, _ = _core.levels(())
    status = Path("/proc/self/status").read_text()
    for block in blocks:
        library.free(block)
    assert 10_000_000 <= more - malloc < 10_500_000
    shown = int(next(r for r in status.splitlines() if r.startswith("RssAnon")).split()[1]) * 1024
    assert resident == pytest.approx(shown, rel=0.05)
    assert anonymous > 0
    assert files == 0


def test_a_heap_that_takes_long_to_look_at_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs_glibc()
    assert _core.levels((), False)[0] == 0
    assert _core.levels((), False)[1] > 0
    monkeypatch.setattr(module, "MAX_READING_NS", 0)
    readings = noted(5, "a").readings()
    assert len(set(readings.malloc[2:])) == 1
    assert all(readings.malloc)
    assert all(readings.anonymous)


@pytest.mark.usefixtures("fills_tmpfs")
def test_files_in_memory() -> None:
    place = Path("/dev/shm")
    needs(os.access(place, os.W_OK), "/dev/shm is not writable")
    mounts = (os.fsencode(place),)
    before = _core.levels(mounts)[2]
    file = place / f"heapview-test-{os.getpid()}"
    try:
        file.write_bytes(bytes(3_000_000))
        assert _core.levels(mounts)[2] - before >= 3_000_000
    finally:
        file.unlink()
    assert _core.levels((b"/nowhere", "no bytes"))[2] == 0
    with pytest.raises(TypeError, match="tuple"):
        _core.levels([])


def test_a_worker_that_has_served_for_a_moment_has_readings_of_each_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    price, moments = 400_000, iter(range(10**9, 21 * 10**9, 2_000_000))  # nanoseconds
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(moments))
    counter = RequestCounter()
    found = LevelHistory(counter)
    read = found._read

    def dear(at: int, serving: int = 0) -> int:
        read(at, serving)
        return price

    monkeypatch.setattr(found, "_read", dear)
    for _ in range(9_900):  # 500 requests a second
        found.begin()
        counter.add("page")
        found.end()
    clock = [at - 1 for at in found.readings().clock]
    for second in (1, 2, 4, 8):
        gaps = [b - a for a, b in itertools.pairwise(clock) if a < second]
        assert max(gaps) <= 0.12 * second  # of what has passed: each quarter has one near it
    spent = len(clock) * price / 1e9
    assert spent <= 0.01 * clock[-1]
    assert len([at for at in clock if at > 10]) * price / 1e9 <= 0.006 * 10


def test_old_readings_become_coarse() -> None:
    found = noted(5 * MAX_READINGS, "a", "b").readings()
    assert MAX_READINGS / 2 < len(found.clock) <= MAX_READINGS
    assert found.clock == sorted(found.clock)
    total = [a + b for a, b in zip(found.requests["a"], found.requests["b"], strict=True)]
    steps = [b - a for a, b in itertools.pairwise(total)]
    assert total[0] == 0
    assert total[-1] == 5 * MAX_READINGS - 1
    assert steps[-1] == 1
    assert steps[0] > 8
    assert len(found.malloc) == len(found.anonymous) == len(found.files) == len(total)


def test_it_does_not_grow_with_the_requests() -> None:
    result = alone("""
        import tracemalloc
        from flask_heapview.process.level_history import LevelHistory
        from flask_heapview.request_context import RequestCounter
        counter = RequestCounter()
        watched = LevelHistory(counter)
        def serve(count):
            for n in range(count):
                watched._due = 0
                watched.begin()
                counter.add(f"e{n % 5}")
                watched.end()
        tracemalloc.start()
        serve(3000)
        before = tracemalloc.get_traced_memory()[0]
        serve(3000)
        say(grown=tracemalloc.get_traced_memory()[0] - before)
    """)
    assert result["grown"] < 2000


def test_many_endpoints_share_a_column() -> None:
    found = noted(MAX_ENDPOINTS + 10, *(f"e{n}" for n in range(MAX_ENDPOINTS + 10))).readings()
    assert len(found.requests) == MAX_ENDPOINTS + 1
    assert (
        found.requests[OTHER_ENDPOINTS][-1] == 9
    )  # the last one is not counted yet when it is read


def test_it_reads_seldom_and_then_request_by_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COSTS_BETWEEN_READINGS", 10_000_000)  # not again in this test
    counter = RequestCounter()
    found = LevelHistory(counter)
    for _ in range(50):
        found.begin()
        counter.add("a")
        found.end()
    assert found.readings().requests["a"] == [0, 1, 2, 3]


def test_after_a_capture_it_reads_request_by_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COSTS_BETWEEN_READINGS", 10_000_000)
    counter = RequestCounter()
    found = LevelHistory(counter)
    found.readings()
    for name in ["a", "b", "own"] * 100:
        found.begin(own=name == "own")
        counter.add(name)
        found.end()
    readings = found.readings()
    assert len(readings.clock) == READINGS_AFTER_CAPTURE
    total = [a + b for a, b in zip(readings.requests["a"], readings.requests["b"], strict=True)]
    assert total == list(range(READINGS_AFTER_CAPTURE))


def test_requests_that_overlap_are_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COSTS_BETWEEN_READINGS", 10_000_000)
    counter = RequestCounter()
    found = LevelHistory(counter)
    found.begin()
    counter.add("slow")
    for _ in range(50):
        found.begin()
        counter.add("a")
        found.end()
    assert len(found.readings().clock) == 1


def test_one_that_is_never_idle_is_read_while_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAIT_NS", 0)
    counter = RequestCounter()
    found = LevelHistory(counter)
    found.begin()
    counter.add("a stream")
    serve(found, counter, 20, "a")
    readings = found.readings()
    assert readings.serving == [0] + [1] * 20
    assert readings.requests["a"] == [0, *range(20)]


def test_a_moment_without_a_request_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAIT_NS", 10**18)  # longer than any machine is up
    counter = RequestCounter()
    found = LevelHistory(counter)
    for _ in range(5):
        found._due = 0
        found.begin()
    assert found.readings().serving == [0]


def test_two_threads_do_not_read_at_once() -> None:
    counter = RequestCounter()
    found = LevelHistory(counter)

    def serve() -> None:
        for _ in range(500):
            found._due = 0
            found.begin()
            counter.add("a")
            found.end()

    threads = [threading.Thread(target=serve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    readings = found.readings()
    assert readings.requests["a"] == sorted(readings.requests["a"])
    assert readings.clock == sorted(readings.clock)
    assert readings.clock[-1] <= time.monotonic()


@pytest.mark.parametrize("kind", ["native", "off-process"])
@pytest.mark.usefixtures("fills_tmpfs")
def test_the_endpoint_of_memory_that_is_no_objects(kind: str) -> None:
    """Two endpoints in turns: their mix never changes."""
    if kind == "native":
        needs_glibc()
    leak = {
        "native": "libc.memset(libc.malloc(40_000), 1, 40_000)",
        "off-process": "open(f'{place}/{len(os.listdir(place))}', 'wb').write(bytes(40_000))",
    }[kind]
    result = alone(f"""
        import ctypes, shutil
        from flask import Flask
        from flask_heapview.leakcheck.checker import check
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
        place = tempfile.mkdtemp(dir="/dev/shm")
        app = Flask("shop")

        @app.get("/thumbnail")
        def thumbnail():
            {leak}
            return "done"

        @app.get("/innocent")
        def innocent():
            return "x" * len([bytes(20_000) for _ in range(20)])

        client = app.test_client()

        def both(n):
            client.get("/thumbnail")
            client.get("/innocent")
            time.sleep(0.001)

        try:
            report = check(both, 300)
        finally:
            shutil.rmtree(place)
        top = report.suspects[0]
        say(verdict=report.verdict, cause=top.cause, evidence=top.evidence,
            endpoints=[(e.endpoint, e.share) for e in top.endpoints])
    """)
    assert (result["verdict"], result["cause"]) == ("leak", kind)
    assert result["endpoints"] == [["thumbnail", 1.0]]
    left = re.search(r"A request of thumbnail leaves ([\d.]+) kB", " ".join(result["evidence"]))
    assert left is not None, result["evidence"]
    assert float(left[1]) == pytest.approx(40, rel=0.2)
