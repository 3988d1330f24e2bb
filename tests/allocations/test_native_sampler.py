"""The sampler of native memory: whose it is, how much, and what is given back."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_heapview.allocations.estimates import allocations
from flask_heapview.allocations.native_names import demangled
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING

from ..helpers import not_under_asan
from . import sampler
from .native import FINE, FINEST, RATE, found, loaded, memory, of, size_of, start
from .native_library import PLUS, compiled, leaky

__all__ = ["leaky"]  # a fixture


@pytest.fixture(autouse=True)
def _off() -> Iterator[None]:
    yield
    assert _core.native_stop() == 0


@pytest.fixture
def library(leaky: Path) -> Iterator[ctypes.CDLL]:
    made = loaded(leaky)
    yield made
    made.give_back()


# --- whose it is


def test_a_leak_has_its_library_function_and_line(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)

    def keep_invoices() -> None:
        library.leak_blocks(1000, 5000)

    keep_invoices()
    (site,) = of(leaky)
    assert (site.library, site.function) == (leaky.name, "leak_blocks")
    assert (site.file, site.caller) == (__file__, "keep_invoices")
    assert site.line == keep_invoices.__code__.co_firstlineno + 1
    assert site.calls[0] == f"leak_blocks ({leaky.name})"
    assert site.endpoint is None
    assert site.size == pytest.approx(5_000_000, rel=0.15)
    assert site.count == pytest.approx(5000, rel=0.15)


def test_what_the_c_library_allocates_is_laid_to_its_caller(
    library: ctypes.CDLL, leaky: Path
) -> None:
    start(FINE)
    library.leak_copies(999, 5000)
    (site,) = of(leaky)
    assert site.function == "leak_copies"
    assert site.size == pytest.approx(5_000_000, rel=0.15)


def test_with_and_without_the_lock(leaky: Path) -> None:
    """ctypes lets go of the interpreter's lock, and PyDLL does not."""
    for kind in (ctypes.CDLL, ctypes.PyDLL):
        start(FINE)
        made = kind(str(leaky))
        token = SERVING.set("invoices")
        _core.sampling_request("invoices")
        made.leak_blocks(1000, 3000)
        _core.native_request_ended()
        SERVING.reset(token)
        made.leak_blocks(1000, 1000)
        sizes = {site.endpoint: site.size for site in of(leaky)}
        made.give_back()
        assert sizes.keys() == {"invoices", None}, kind
        assert sizes["invoices"] == pytest.approx(3_000_000, rel=0.2)
        assert sizes[None] == pytest.approx(1_000_000, rel=0.3)


def test_threads_have_their_endpoints(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)
    barrier = threading.Barrier(4)

    def serve(name: str) -> None:
        barrier.wait()
        SERVING.set(name)
        _core.sampling_request(name)
        library.leak_in_a_thread_of_its_own(200)  # nobody's: that thread serves nothing
        loaded(leaky).churn(1000, 1000)
        for _ in range(100):
            blocks.append(library.leak_aligned(20_000))
        _core.native_request_ended()

    blocks: list[int] = []
    threads = [threading.Thread(target=serve, args=(f"view{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sizes = {site.endpoint: site.size for site in of(leaky) if site.function == "leak_aligned"}
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    assert sizes.keys() == {f"view{n}" for n in range(4)}
    for size in sizes.values():
        assert size == pytest.approx(2_000_000, rel=0.25)
    alone = [site for site in of(leaky) if site.function == "leak_blocks"]
    assert {(site.endpoint, site.file) for site in alone} == {(None, "")}
    assert sum(site.size for site in alone) == pytest.approx(4 * 200_000, rel=0.4)
    for block in blocks:
        free(block)


def test_cpp_has_readable_names(tmp_path: Path) -> None:
    made = compiled(tmp_path, "pages", PLUS, language="c++")
    library = ctypes.CDLL(str(made))
    library.keep_pages.argtypes = [ctypes.c_size_t, ctypes.c_int]
    start(FINE)
    library.keep_pages(10_000, 400)
    sites = of(made)
    assert sum(site.size for site in sites) == pytest.approx(4_000_000, rel=0.2)
    assert any("invoice" in site.function or "keep_pages" in site.function for site in sites)
    assert demangled("_ZN7invoice9keep_pageEm") == "invoice::keep_page(unsigned long)"
    assert demangled("malloc") == "malloc"


def test_python_s_own_memory_is_counted_once(library: ctypes.CDLL) -> None:
    """What Python's allocators hand out is the other sampler's, also where malloc has it."""
    start(FINE)
    sampler.start(FINE)
    kept = [bytes(100_000) for _ in range(200)]
    lines = [str(n) * 10 for n in range(100_000)]
    own = allocations(sampler.found())
    _core.sampling_stop()
    assert sum(own.stacks.size) > 20_000_000
    assert memory().size < 500_000
    assert len(kept) + len(lines) > 0


def test_pointers_of_a_library_s_own_are_hooked(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)
    library.leak_by_pointer(1000, 2000)
    assert size_of(leaky) == pytest.approx(2_000_000, rel=0.2)


def test_libraries_that_are_loaded_later(leaky: Path, tmp_path: Path) -> None:
    start(FINE)
    late = tmp_path / "liblate.so"
    late.write_bytes(leaky.read_bytes())
    library = loaded(late)
    library.leak_blocks(1000, 2000)
    assert size_of(late) == pytest.approx(2_000_000, rel=0.2)
    assert _core.native_rescan() == 0, "they were hooked as they were loaded"
    library.give_back()


# --- how much


def test_what_is_freed_is_no_longer_counted(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)
    library.leak_blocks(1000, 5000)
    library.leak_by_realloc(2000, 2000)
    assert size_of(leaky) == pytest.approx(9_000_000, rel=0.15)
    library.churn(1000, 20_000)
    assert size_of(leaky) == pytest.approx(9_000_000, rel=0.15)
    library.give_back()
    assert size_of(leaky) == 0


def test_mappings_are_counted_until_they_are_unmapped(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)
    page, length = 4096, 1 << 22
    begin = library.map_pages(length)
    library.reserve_pages(1 << 30)  # address space is no memory
    assert size_of(leaky) == length
    library.unmap_pages(begin, page)
    library.unmap_pages(begin + length - page, page)
    library.unmap_pages(begin + length // 2, page)
    assert size_of(leaky) == length - 3 * page
    library.unmap_pages(begin, length)
    assert size_of(leaky) == 0


def test_the_estimate_is_within_its_interval(library: ctypes.CDLL, leaky: Path) -> None:
    """95 of 100 runs; a run less in 40 is still within two standard deviations."""
    inside, ratios = _runs(library, leaky, 40)
    assert inside >= 35
    assert 0.9 < sum(ratios) / len(ratios) < 1.1


@pytest.mark.slow
def test_the_estimate_is_within_its_interval_in_many_runs(
    library: ctypes.CDLL, leaky: Path
) -> None:
    inside, ratios = _runs(library, leaky, 200)
    assert inside >= 190
    assert 0.97 < sum(ratios) / len(ratios) < 1.03


def _runs(library: ctypes.CDLL, leaky: Path, count: int) -> tuple[int, list[float]]:
    from flask_heapview.analysis.confidence_interval import sum_interval

    inside, ratios = 0, []
    true = 40_000 * 100 + 9000 * 1000 + 60 * 200_000
    for seed in range(1, count + 1):
        start(RATE, seed)
        library.leak_blocks(100, 40_000)
        library.leak_by_realloc(1000, 9000)
        library.leak_blocks(200_000, 60)
        sites = of(leaky)
        library.give_back()
        size = sum(site.size for site in sites)
        bounds = sum_interval(
            size, sum(site.variance for site in sites), max(site.largest for site in sites)
        )
        inside += bounds.low <= true <= bounds.high
        ratios.append(size / true)
    return inside, ratios


def test_where_little_is_allocated_samples_are_close(library: ctypes.CDLL, leaky: Path) -> None:
    start(0)
    library.leak_blocks(10_000, 100)
    quiet = memory()
    library.churn(10_000, 300_000)  # 9 GB, in less than a second or two
    busy = memory()
    assert quiet.sample_bytes == FINEST < busy.sample_bytes
    (site,) = of(leaky)
    assert site.samples > 5


def test_more_samples_than_there_is_room_for(library: ctypes.CDLL, leaky: Path) -> None:
    start(256)
    library.leak_blocks(1000, 30_000)
    known = found()
    assert len(known.live) <= 8192
    assert known.dropped == 0
    assert size_of(leaky) == pytest.approx(30_000_000, rel=0.06)


def test_more_stacks_than_there_is_room_for(library: ctypes.CDLL, leaky: Path) -> None:
    """Those of which nothing is alive make room for others."""
    start(64)
    names: dict[str, Callable[[ctypes.CDLL], None]] = {}
    lines = "    library.churn(2000, 1)\n" * 12_000
    exec(compile(f"def run(library):\n{lines}", "many_lines.py", "exec"), names)
    names["run"](library)
    library.leak_blocks(1000, 1000)
    known = found()
    assert known.taken > 12_000
    assert known.dropped == 0
    (site,) = of(leaky)
    assert (site.function, site.file) == ("leak_blocks", __file__)
    assert site.size == pytest.approx(1_000_000, rel=0.05)


@not_under_asan
def test_what_is_freed_past_the_hooks_is_recognised(library: ctypes.CDLL, leaky: Path) -> None:
    """By its address, when that comes again: here, at the next block of that size."""
    start(64)
    past = ctypes.CDLL(None).free  # by its address, and by no entry of a table
    past.argtypes = [ctypes.c_void_p]
    for _ in range(2000):
        past(library.leak_aligned(1000))
    assert found().taken >= 2000
    assert size_of(leaky) < 10_000


def test_births_tell_a_leak_from_what_is_made_once(library: ctypes.CDLL, leaky: Path) -> None:
    start(FINE)
    for _ in range(100):
        SERVING.set("leaks")
        _core.sampling_request("leaks")
        library.leak_blocks(1000, 100)
        _core.native_request_ended()
    SERVING.set(None)
    (site,) = of(leaky)
    assert site.births is not None
    assert (site.births.by, site.births.until) == ("requests", 100)
    assert min(site.births.size) > 0.5 * max(site.births.size)
