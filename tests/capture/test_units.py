"""The small parts of the capture layer."""

from __future__ import annotations

import functools
import os
import signal
import tempfile
import threading
import time
import tracemalloc
from collections import OrderedDict, deque
from pathlib import Path

import pytest

from flask_heapview.allocations import tracing
from flask_heapview.capture.portable.deep_sizes import Sizer, entries_of, estimate
from flask_heapview.errors import BadRequest, Conflict
from flask_heapview.inspection import roots
from flask_heapview.inspection.bounds import limit_in, own_limit
from flask_heapview.inspection.code_locations import CodeLocations, EndpointCode, code_lines
from flask_heapview.inspection.type_info import Types, type_name
from flask_heapview.isolation.progress_page import ProgressPage
from flask_heapview.process.collector import PauseHistory, read_gc
from flask_heapview.process.resources import kind_of
from flask_heapview.request_context import RequestCounter
from flask_heapview.text import clean

from .. import sample_objects
from ..helpers import needs


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("\u202eevil", "\\u202eevil"),
        ("a\nb", "a\\nb"),
        ("\ud800", "\\ud800"),
        ("größe", "größe"),
        ("x" * 1_000_000, "x" * 160 + "…"),
        (17, "?"),
    ],
)
def test_names_are_cleaned(name: object, shown: str) -> None:
    assert clean(name) == shown


def test_sizes_are_those_of_getsizeof_without_python_code() -> None:
    import sys

    types = Types()
    sample_objects.Hostile.touched.clear()
    for obj in (
        [1, 2],
        {"a": 1},
        "text",
        5,
        sample_objects.store,
        sample_objects.slotted,
        OrderedDict(a=1),
        deque([1]),
    ):
        assert types.of(obj).sizeof(obj) == sys.getsizeof(obj)
    plain = sample_objects.Store()
    hostile = sample_objects.hostiles[0]
    assert types.of(hostile).sizeof(hostile) == types.of(plain).sizeof(plain)
    assert sample_objects.Hostile.touched == []


def test_types_without_a_dictionary_or_with_a_lying_metaclass() -> None:
    sample_objects.Hostile.touched.clear()
    types = Types()
    assert types.of(sample_objects.meants[0]).name.endswith("Meant")
    assert type_name(sample_objects.Lone).startswith("lone \\ud800")
    assert sample_objects.Hostile.touched == []


def test_limits() -> None:
    types = Types()
    ring: deque[int] = deque(maxlen=5)
    assert own_limit(ring, types.of(ring)) == 5
    assert own_limit(deque(), types.of(deque())) is None
    cached = functools.lru_cache(maxsize=3)(len)
    assert own_limit(cached, types.of(cached)) == 3
    assert own_limit([], types.of([])) is None
    assert limit_in({"maxsize": 0, "capacity": 7}) == 7
    assert limit_in({"maxsize": 5.0}) == 5
    assert limit_in({"maxsize": float("inf"), "max_size": None}) is None
    assert limit_in({"maxsize": True}) is None


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


def test_requests_are_counted_exactly_by_many_threads() -> None:
    counter = RequestCounter()

    def work() -> None:
        for _ in range(10_000):
            counter.add("page")
        counter.add(None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read() == {"page": 80_000, "(no route)": 8}
    assert counter.read()["page"] == 80_000
    counter.clear()
    assert counter.read() == {}


def test_pauses_are_kept_and_bounded() -> None:
    history = PauseHistory()
    assert history.figures(0) == (None, None, None)
    history("stop", {"generation": 0})
    for _ in range(2000):
        history("start", {"generation": 0})
        history("stop", {"generation": 0})
    p50, p99, longest = history.figures(0)
    assert p50 is not None
    assert p99 is not None
    assert longest is not None
    assert 0 <= p50 <= p99 <= longest < 1
    assert len(history._pauses[0]) == 512
    history.install()
    history.install()
    state = read_gc()
    assert len(state.generations) == 3
    history.remove()


def test_the_board_carries_progress_and_errors(tmp_path: Path) -> None:
    with (
        ProgressPage(tmp_path / "page", create=True) as board,
        ProgressPage(tmp_path / "page") as other,
    ):
        board.advance("walking", 7, 5)
        board.pause_ns = 12
        assert not other.started
        board.start()
        board.fail("é" * 5000)
        progress = other.progress()
        assert (progress.done, progress.total, progress.phase) == (7, 7, "walking")
        assert other.pause_ns == 12
        assert other.started
        assert other.error is not None
        assert set(other.error) <= {"é", "\ufffd"}
    with pytest.raises(FileExistsError):
        ProgressPage(tmp_path / "page", create=True)
    with ProgressPage(None) as private:
        assert private.error is None


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("socket:[1]", "socket"),
        ("pipe:[1]", "pipe"),
        ("anon_inode:[eventpoll]", "kernel object"),
        ("/dev/shm/x", "shared memory"),
        ("/tmp/x (deleted)", "deleted file"),
        ("/dev/null", "device"),
        ("/tmp/x", "temp file"),
        ("/tmpfoo/x", "file"),
    ],
)
def test_descriptors_have_kinds(link: str, kind: str) -> None:
    assert kind_of(link, "/tmp") == kind


def test_modules_have_owners() -> None:
    assert roots.rank_of("flask_heapview.web", None) == roots.OURS
    assert roots.rank_of("__main__", None) == roots.APP
    assert roots.rank_of("sys", None) == roots.STANDARD
    assert roots.rank_of("os", os.__file__) == roots.STANDARD
    assert roots.rank_of("pytest", pytest.__file__) == roots.LIBRARY
    assert roots.rank_of("shop", "/srv/shop.py") == roots.APP
    assert roots.app_file("/srv/shop.py")
    assert roots.app_file("shop.py")
    assert not roots.app_file("<string>")
    names = [root.name for root in roots.modules()]
    assert names.index("tests.sample_objects") < names.index("flask") < names.index("sys")


def test_numbered_threads_have_one_name() -> None:
    names = {1: "worker-1", 2: "worker-12", 3: "pool-0_3", 4: "bg", 5: "Thread-7 (run)", 6: "v2"}
    folded = roots.fold_names(names)
    assert list(folded.values()) == [
        "worker-#",
        "worker-#",
        "pool-#_#",
        "bg",
        "Thread-# (run)",
        "v2",
    ]


def test_places_know_functions_and_endpoints() -> None:
    def outer() -> int:
        def inner() -> int:
            return 1

        return inner()

    code = outer.__code__
    first, last = code_lines(code)
    assert last - first == 4
    places = CodeLocations([code, *[c for c in code.co_consts if hasattr(c, "co_name")]], ())
    assert places.frame(__file__, first + 2).label == "inner"
    assert places.frame(__file__, first + 4).label == "outer"
    assert places.frame(__file__, 1).label == "?"
    known = CodeLocations([], [EndpointCode("page", __file__, first, last)])
    tracemalloc.start(10)
    try:
        made = [outer() for _ in range(3)]
        text = "x" * 1000 + str(made)
        traceback = tracemalloc.get_object_traceback(text)
    finally:
        tracemalloc.stop()
    assert traceback is not None
    assert known.endpoint(traceback) is None
    mine = CodeLocations([], [EndpointCode("page", __file__, 1, 10_000)])
    assert mine.endpoint(traceback) == "page"


def test_tracing_is_switched_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracing.mode() == "off"
    try:
        tracing.switch("exact", 5)
        assert (tracing.mode(), tracing.depth()) == ("exact", 5)
        tracing.switch("exact", 7)
        assert tracing.depth() == 7
        tracing.switch("off", None)
        assert (tracing.mode(), tracing.depth()) == ("off", 0)
    finally:
        tracemalloc.stop()
    tracing.switch("sampled")
    assert (tracing.mode(), tracing.depth()) == ("sampled", 32)
    tracing.switch("exact", 3)
    assert (tracing.mode(), tracing.depth()) == ("exact", 3)
    tracing.switch("off")
    monkeypatch.setattr(tracing, "core", None)
    with pytest.raises(Conflict, match="no C compiler"):
        tracing.switch("sampled", None)
    with pytest.raises(BadRequest, match="mode must be"):
        tracing.switch("loud", None)
    with pytest.raises(BadRequest, match="between 1 and 64"):
        tracing.switch("exact", 100)


class Endless:
    """An entry that takes forever to be measured, and swallows what interrupts it."""

    swallowed: list[int] = []

    def __sizeof__(self) -> int:
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                if len(self.swallowed) > 2:
                    raise
                self.swallowed.append(1)


def test_sizing_gives_up_in_time_and_keeps_the_deadline() -> None:
    before = signal.getsignal(signal.SIGALRM)
    sizer = Sizer(signal.signal)
    sizer.left = 0.2
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        assert sizer.measure([Endless()], 1) is None
        assert sizer.left < 0.2
        assert len(Endless.swallowed) == 3
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
        sizer.left = 0
        assert sizer.measure([[1]], 1) is None
        fresh = Sizer(signal.signal)
        measured = fresh.measure([[1] * 10] * 3, 3)
        assert measured is not None
        assert measured[1:] == (0, 3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("fills_tmpfs")
def test_files_in_memory_are_listed_by_name(tmp_path: Path) -> None:
    from flask_heapview.process import tmpfs

    place = next((p for p in tmpfs.mounts() if os.access(p, os.W_OK)), None)
    needs(place, "no temporary filesystem can be written to")
    with tempfile.TemporaryDirectory(dir=place) as home:
        before = tmpfs.size_of(tmpfs.mounts())
        for number in range(5):
            (Path(home) / f"thumb-{number}.raw").write_bytes(b"x" * 100_000)
        own = Path(home) / "own"
        own.mkdir()
        (own / "snapshot.bin").write_bytes(b"x" * 200_000)
        rows = {Path(tally.name).name: tally for tally in tmpfs.files(own)}
        assert rows["thumb-#.raw"].count == 5
        assert 500_000 <= (rows["thumb-#.raw"].size or 0) < 600_000
        assert "snapshot.bin" not in rows
        assert tmpfs.size_of(tmpfs.mounts()) - before >= 700_000
