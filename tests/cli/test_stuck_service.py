"""A service that answers no request, or whose worker ends meanwhile: the commands still do."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.model.snapshot import SnapshotInfo

from ..helpers import wait_until
from ..live_server import Server, serving
from ..workers.listing import listed
from .shell import begun, shell

STUCK = '''
"""Its view waits until a file is there; the heap is large enough for a capture to take a while."""
import os, time
from flask import Flask
from flask_heapview import HeapView

app = Flask(__name__)
heap = [[n] for n in range(int(os.environ.get("OBJECTS", "0")))]


@app.get("/health")
def health():
    return "ok"


@app.get("/stuck")
def stuck():
    open("begun", "w").close()
    while not os.path.exists("go on"):
        time.sleep(0.02)
    return "went on"


HeapView(app)
'''


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Server]:
    """A sync worker whose only thread is busy."""
    import threading

    with serving(tmp_path, STUCK, "sync", "--timeout", "0") as server:
        listed(server, 1)
        caller = threading.Thread(target=server.get, args=("/stuck",))
        caller.start()
        try:
            wait_until((tmp_path / "begun").exists, 30, "the request")
            yield server
        finally:
            (tmp_path / "go on").touch()
            caller.join(30)


def test_a_stuck_service_is_captured(stuck: Server) -> None:
    env = {"HEAPVIEW_DIR": str(stuck.home / "heapview")}
    done = shell("capture", cwd=stuck.home, **env)
    assert done.returncode == 0, done.stderr
    assert "of worker 1 is done" in done.stdout
    heap = shell("heap", cwd=stuck.home, **env)
    assert "Objects" in heap.stdout, heap.stderr
    assert " yes" in shell("workers", cwd=stuck.home, **env).stdout
    assert not (stuck.home / "go on").exists()


@pytest.mark.slow  # each command waits for it in vain
def test_a_worker_that_is_stopped_is_said_to_be(tmp_path: Path) -> None:
    with serving(tmp_path, STUCK, "sync", "--workers", "3", "--timeout", "0") as server:
        first, *others = listed(server, 3)
        os.kill(first["pid"], signal.SIGSTOP)
        try:
            env = {"HEAPVIEW_DIR": str(tmp_path / "heapview")}
            done = shell("workers", cwd=tmp_path, **env)
            assert done.returncode == 0, done.stderr
            rows = {row.split()[1]: row.split()[-1] for row in done.stdout.splitlines()[1:]}
            assert rows == {
                str(first["pid"]): "no",
                **{str(worker["pid"]): "yes" for worker in others},
            }
            assert "worker 1: The worker did not answer in time" in done.stderr
            top = shell("top", "--once", "--interval", "0.2", cwd=tmp_path, **env)
            assert "does not answer" in top.stdout, top.stderr
        finally:
            os.kill(first["pid"], signal.SIGCONT)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_is_killed_in_a_capture(tmp_path: Path, workers: int) -> None:
    options = ("--workers", str(workers), "--timeout", "0")
    with serving(tmp_path, STUCK, "sync", *options, OBJECTS="1500000") as server:
        pid = listed(server, workers)[0]["pid"]
        directory = tmp_path / "heapview"
        command = begun("capture", "--worker", "1", cwd=tmp_path, HEAPVIEW_DIR=str(directory))
        try:

            def running() -> list[Path]:
                return list(directory.glob("*.running"))

            wait_until(running, 60, "the capture")
            os.kill(pid, signal.SIGKILL)
            out, words = command.communicate(timeout=60)
        finally:
            command.kill()
            command.wait()
    assert command.returncode == 1, out
    failed = r"The capture \S+ of worker 1 failed: The worker ended during the capture\."
    unanswered = r"The worker ended before it had answered\."  # it was still about to say the id
    assert re.fullmatch(f"Error: (?:{failed}|{unanswered})\n", words), words


def test_a_service_that_ends_in_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nobody is left who could say how it went."""
    from flask_heapview.cli import capture
    from flask_heapview.errors import Unreachable

    class Gone:
        def snapshot(self, snapshot_id: str) -> SnapshotInfo:
            raise Unreachable("No worker of a service is alive in /here.")

    monkeypatch.setattr(capture, "MAX_SILENT_SECONDS", 0.3)
    gone: Any = Gone()
    with pytest.raises(Unreachable, match="No worker"):
        capture._wait(gone, ["20260101-000000-00000000"])


def test_nothing_is_left_of_a_service(tmp_path: Path) -> None:
    with serving(tmp_path, STUCK, "sync") as server:
        listed(server, 1)
        taken = server.capture(label="last")["id"]
    env = {"HEAPVIEW_DIR": str(tmp_path / "heapview")}
    refused = shell("capture", cwd=tmp_path, **env)
    assert refused.returncode == 1
    assert refused.stderr == f"Error: No worker of a service is alive in {tmp_path / 'heapview'}.\n"
    read = shell("list", cwd=tmp_path, **env)
    assert taken in read.stdout, read.stderr
    assert shell("heap", "last", cwd=tmp_path, **env).returncode == 0
