"""What goes wrong in mid-capture is said clearly, and the service goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from flask_heapview.capture.base import Capture, CaptureCost, CaptureRequest, ServiceFacts
from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.capture.portable.forked import ForkedEngine
from flask_heapview.capture.runner import Runner
from flask_heapview.errors import BadRequest, CaptureBusy, NotEnoughMemory, StoreError
from flask_heapview.inspection.roots import ThreadRoot
from flask_heapview.model.process import Headroom
from flask_heapview.model.snapshot import Snapshot, SnapshotInfo
from flask_heapview.process import headroom
from flask_heapview.store.snapshots import CAPTURE_LOCK, Store

from ..helpers import needs, needs_portable, runs, wait_until
from ..run_isolated import alone


class Slow(ForkedEngine):
    """An engine that works until it is told to end, or does something foolish."""

    kind = "slow"

    def __init__(self, folly: Any = None) -> None:
        self.folly = folly

    def warm_up(self) -> None:
        pass

    def estimate(self, kind: str = "ownership") -> CaptureCost:
        return CaptureCost(bytes=1000, seconds=1, stall_seconds=0)

    def look(
        self, capture: Capture, facts: ServiceFacts, threads: Sequence[ThreadRoot], forked: bool
    ) -> Snapshot:
        capture.page.advance("slowly", 5, 10)
        if self.folly is not None:
            self.folly()
            capture.page.advance("done", 10, 10)
            return Snapshot(info=capture.info)
        while True:
            time.sleep(0.01)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "heapview")


@pytest.fixture(autouse=True)
def _no_other_child() -> None:
    """The reader of an earlier test's captures may still be there: it is no child of these."""
    wait_until(lambda: not psutil.Process().children())


def begin(store: Store, engine: Any, deadline: float = 60.0) -> SnapshotInfo:
    return Runner(engine, deadline).start(CaptureRequest(worker="w"), store)


def ended(store: Store, info: SnapshotInfo) -> SnapshotInfo:
    wait_until(lambda: store.info(info.id).state != "running", 60)
    wait_until(lambda: "heapview-capture" not in {t.name for t in threading.enumerate()})
    return store.info(info.id)


def child_of(store: Store, info: SnapshotInfo) -> psutil.Process:
    def found() -> psutil.Process | None:
        running = store.info(info.id)
        kids = psutil.Process().children()
        return kids[0] if running.progress.phase == "slowly" and kids else None

    return wait_until(found)


def nothing_half_written(store: Store) -> None:
    left = {path.suffix for path in store.directory.iterdir() if path.name != CAPTURE_LOCK}
    assert left - {".lock", ".sock"} <= {".snapshot", ".failed"}  # the reader's stay for a while


def test_a_killed_child_is_a_failed_snapshot(store: Store) -> None:
    info = begin(store, Slow())
    child = child_of(store, info)
    assert store.info(info.id).progress.done == 5
    child.send_signal(signal.SIGKILL)
    failed = ended(store, info)
    assert failed.state == "failed"
    assert "SIGKILL" in (failed.error or "")
    nothing_half_written(store)
    assert not psutil.Process().children()


def test_the_deadline_ends_it(store: Store) -> None:
    failed = ended(store, begin(store, Slow(), deadline=0.3))
    assert "deadline of 0.3 s" in (failed.error or "")
    nothing_half_written(store)


def test_a_crash_in_c_is_a_failed_snapshot(store: Store) -> None:
    failed = ended(store, begin(store, Slow(lambda: os.kill(os.getpid(), signal.SIGSEGV))))
    assert "SIGSEGV" in (failed.error or "")


def test_an_exception_is_named_without_its_values(store: Store) -> None:
    def fail() -> None:
        raise ValueError("a secret value")

    failed = ended(store, begin(store, Slow(fail)))
    assert "ValueError in fail" in (failed.error or "")
    assert "secret" not in (failed.error or "")


def test_two_at_once_are_one_too_many(store: Store) -> None:
    info = begin(store, Slow())
    child = child_of(store, info)
    with pytest.raises(CaptureBusy, match="already runs") as caught:
        begin(store, Slow())
    assert caught.value.figures["running"] == info.id
    child.kill()
    ended(store, info)
    again = begin(store, Slow(lambda: None))
    assert ended(store, again).state == "done"


def test_the_child_is_a_guest_with_no_belongings(store: Store, tmp_path: Path) -> None:
    info = begin(store, Slow())
    child = child_of(store, info)
    links = [
        os.readlink(f"/proc/{child.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{child.pid}/fd")
    ]
    assert set(links) <= {"/dev/null"}
    assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "1000"
    assert child.num_threads() == 1
    assert child.nice() > psutil.Process().nice()
    child.kill()
    ended(store, info)


@pytest.fixture
def ignoring_children() -> Iterator[None]:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("ignoring_children")
def test_it_copes_with_an_app_that_ignores_sigchld(store: Store) -> None:
    assert ended(store, begin(store, Slow(lambda: None))).state == "done"
    info = begin(store, Slow())
    child_of(store, info).kill()
    assert ended(store, info).state == "failed"


def test_it_copes_with_an_app_that_reaps_every_child(store: Store) -> None:
    stop = threading.Event()

    def reap() -> None:
        while not stop.wait(0.001):
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                continue

    thread = threading.Thread(target=reap)
    thread.start()
    try:
        assert ended(store, begin(store, Slow(lambda: None))).state == "done"
    finally:
        stop.set()
        thread.join()


def test_no_headroom_no_capture(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tight = Headroom(available=10_000_000, limits={"machine": 10**9, "container": 10_000_000})
    monkeypatch.setattr(headroom, "read_headroom", lambda: tight)
    with pytest.raises(NotEnoughMemory, match="the container has 10 MB left") as caught:
        begin(store, NativeEngine())
    assert caught.value.figures["headroom_bytes"] == 10_000_000
    assert caught.value.status == 409
    assert ended(store, begin(store, Slow(lambda: None)))  # and nothing is locked


def test_a_graph_needs_another_engine(store: Store) -> None:
    with pytest.raises(BadRequest, match="native engine"):
        Runner(Slow(), 60).start(CaptureRequest(worker="w", kind="graph"), store)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    needs(os.geteuid() == 0, "mounting a small tmpfs needs root")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", place])
    needs(done.returncode == 0, "this machine does not let us mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_said_and_harms_nothing(tiny_disk: Path) -> None:
    store = Store(tiny_disk / "heapview")
    info = begin(store, NativeEngine())
    failed = ended(store, info)
    assert failed.state == "failed"
    assert failed.error == "the disk is full"
    nothing_half_written(store)
    (tiny_disk / "fill").write_bytes(b"x" * (tiny_disk_free(tiny_disk)))
    with pytest.raises(StoreError, match="full"):
        begin(store, Slow())
    nothing_half_written(store)
    (tiny_disk / "fill").unlink()
    assert ended(store, begin(store, Slow(lambda: None))).state == "done"


def tiny_disk_free(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


@needs_portable
def test_without_a_fork_it_runs_in_process_and_says_so() -> None:
    # in a process of its own: on 3.13 guppy3 leaves references to dictionaries behind
    result = alone("""
        from flask_heapview.isolation import forked_child
        forked_child.can_fork = lambda: False
        runner = Runner(select_engine("portable"), 120)
        info = take()
        note = store.load(info.id).caches.note
        say(error=info.error, engine=info.engine, objects=store.load(info.id).heap.objects,
            note=note, stood=info.pause_ms == info.duration_ms)
    """)
    assert result["error"] is None
    assert result["engine"] == "portable, in-process"
    assert result["objects"] > 10_000
    assert "forked child" in result["note"]
    assert result["stood"]


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.capture.test_failures import Slow, begin\n"
        "from flask_heapview.store.snapshots import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "info = begin(store, Slow())\n"
        "while store.info(info.id).progress.phase != 'slowly': time.sleep(0.01)\n"
        "print(info.id, flush=True)\n"
        "time.sleep(60)\n"
    )
    import sys

    home = tmp_path / "heapview"
    parent = subprocess.Popen(
        [sys.executable, str(script), str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout is not None
    snapshot_id = parent.stdout.readline().strip()
    (child,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not runs(child))
    failed = Store(home).info(snapshot_id)
    assert (failed.state, failed.error) == ("failed", "The worker ended during the capture.")
