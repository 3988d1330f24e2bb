"""What the C library says of its own memory."""

from __future__ import annotations

import pytest

from flask_heapview.model.process import Arena
from flask_heapview.process import glibc

from ..run_isolated import alone
from .holes import HOLES

RECORDED = """<malloc version="1">
<heap nr="0">
<sizes>
  <size from="17" to="32" total="64" count="2"/>
  <unsorted from="1057" to="1057" total="1057" count="1"/>
</sizes>
<total type="fast" count="2" size="64"/>
<total type="rest" count="2" size="67617"/>
<system type="current" size="200704"/>
<system type="max" size="200704"/>
<aspace type="total" size="200704"/>
</heap>
<heap nr="1">
<sizes>
</sizes>
<total type="fast" count="0" size="0"/>
<total type="rest" count="1" size="133000"/>
<system type="current" size="135168"/>
<system type="max" size="135168"/>
<aspace type="subheaps" size="1"/>
</heap>
<total type="fast" count="2" size="64"/>
<total type="rest" count="3" size="200617"/>
<total type="mmap" count="1" size="1052672"/>
<system type="current" size="335872"/>
</malloc>
"""


def test_the_arenas_are_read() -> None:
    assert glibc.parse_malloc_info(RECORDED) == [Arena(200704, 67681), Arena(135168, 133000)]
    assert glibc.parse_malloc_info("") == []
    assert glibc.parse_malloc_info('<heap nr="0"><sizes></sizes></heap>') == []


def test_the_arenas_add_up() -> None:
    sums, arenas = glibc.figures(), glibc.arenas()
    if not arenas:
        pytest.skip("this C library has no malloc_info")
    assert sums.malloc_arenas is not None
    assert sums.malloc_free is not None
    mapped = sums.malloc_arenas - sum(arena.size for arena in arenas)
    assert mapped >= -1_000_000  # large blocks are mapped by themselves
    assert sum(arena.free for arena in arenas) == pytest.approx(sums.malloc_free, abs=500_000)
    assert all(0 <= arena.free <= arena.size for arena in arenas)


def test_what_takes_too_long_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    glibc.figures()
    monkeypatch.setattr(glibc, "MAX_PAUSE_SECONDS", 0)
    assert glibc.arenas() == []


def test_threads_have_arenas_of_their_own() -> None:
    result = alone("""
        from flask_heapview.process import glibc
        glibc.figures()
        before = glibc.arenas()
        gate, ready = threading.Event(), threading.Semaphore(0)
        def work():
            kept = [bytearray(100_000) for _ in range(50)]
            ready.release()
            gate.wait()
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: ready.acquire()
        arenas = glibc.arenas()
        gate.set()
        for thread in threads: thread.join()
        used = sum(a.size - a.free for a in arenas) - sum(a.size - a.free for a in before)
        say(more=len(arenas) - len(before), used=used, read=taken().process.allocators.arenas != [])
    """)
    assert result["more"] >= 1
    assert result["used"] > 14_000_000
    assert result["read"]


def test_free_memory_goes_back() -> None:
    result = alone(
        HOLES
        + """
from flask_heapview.process import glibc
leave_holes(400)
glibc.figures()
free = sum(arena.free for arena in glibc.arenas())
before, after = glibc.trim()
say(free=free, came_back=before - after)
"""
    )
    assert result["free"] > 19_000_000
    assert result["came_back"] > 15_000_000
