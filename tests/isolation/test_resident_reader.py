"""One process answers for all workers of a service: it stays, is replaced, and goes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flask_heapview.errors import HeapViewError, NotFound
from flask_heapview.isolation import frames, resident_reader, resident_server
from flask_heapview.isolation.fresh_interpreter import start_interpreter
from flask_heapview.isolation.resident_reader import connect, reader_of, run, socket_name
from flask_heapview.model.base import to_json
from flask_heapview.model.query import Query

from ..helpers import answered_here, wait_until

JOB = "flask_heapview.reports.query_job"
UNKNOWN = "20260101-000000-00000000"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    pid = reader_of(tmp_path)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def question(place: Path) -> bytes:
    return to_json(Query(directory=str(place), what="view", view="heap", target=UNKNOWN))


def ask(place: Path) -> None:
    """A question to which the answer is that there is no such snapshot."""
    with pytest.raises(HeapViewError, match="no finished snapshot") as caught:
        run(place, JOB, question(place), 60)
    assert caught.value.status == NotFound.status


def gone(pid: int | None) -> None:
    assert pid is not None
    wait_until(lambda: not psutil.pid_exists(pid), 20, "the end of the reader")


def test_it_answers_and_stays(place: Path) -> None:
    ask(place)
    first = reader_of(place)
    assert first not in (None, os.getpid())
    ask(place)
    assert reader_of(place) == first


def test_all_workers_ask_the_same_one(place: Path) -> None:
    ask(place)
    other = subprocess.run(
        [sys.executable, "-c", asking(place)], capture_output=True, text=True, check=True
    )
    assert int(other.stdout) == reader_of(place)


def asking(place: Path, then: str = "") -> str:
    """A program that asks, says who has answered, and goes on."""
    code = textwrap.dedent(f"""
        from pathlib import Path
        from flask_heapview.isolation.resident_reader import connect, reader_of
        place = Path({str(place)!r})
        connect(place).close()
        print(reader_of(place), flush=True)
    """)
    return code + then


def started_for(place: Path) -> int | None:
    link = connect(place)
    assert link is not None
    with link:
        return reader_of(place)


def test_those_who_begin_at_once_start_one(place: Path) -> None:
    found: list[int | None] = []
    threads = [threading.Thread(target=lambda: found.append(started_for(place))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    mine = [p for p in psutil.Process().children() if str(place) in p.cmdline()]
    assert len(mine) == 1


@pytest.fixture
def briefly() -> Iterator[None]:
    before = resident_reader.idle_seconds()
    resident_reader.stay_for(0.5)
    yield
    resident_reader.stay_for(before)


@pytest.mark.usefixtures("briefly")
def test_it_ends_when_nobody_asks(place: Path) -> None:
    ask(place)
    gone(reader_of(place))
    assert not (place / socket_name()).exists()
    ask(place)


@pytest.mark.usefixtures("briefly")
def test_none_is_started_where_none_is_to_stay(place: Path) -> None:
    resident_reader.stay_for(0)
    ask(place)
    assert not list(place.iterdir())
    assert reader_of(place) is None


def test_it_ends_with_the_last_worker(place: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", asking(place, "input()")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())
    with worker:
        assert psutil.pid_exists(pid)
        worker.kill()
    gone(pid)


def test_one_that_was_killed_is_replaced_and_nothing_is_lost(place: Path) -> None:
    ask(place)
    first = reader_of(place)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    ask(place)
    wait_until(lambda: not psutil.pid_exists(first), 20, "its reaping")
    ask(place)
    assert reader_of(place) not in (None, first)


def test_one_that_answers_too_late_is_ended(place: Path) -> None:
    ask(place)
    pid = reader_of(place)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(HeapViewError, match=r"longer than 0\.2 s"):
        run(place, JOB, question(place), 0.2)
    gone(pid)
    ask(place)


def connected(place: Path, count: int) -> Iterator[socket.socket]:
    for _ in range(count):
        link = resident_reader._connected(place / socket_name())
        assert link is not None
        yield link


def test_one_that_takes_nobody_in_keeps_nobody_waiting(place: Path) -> None:
    ask(place)
    pid = reader_of(place)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    stopped = psutil.Process(pid)
    wait_until(lambda: stopped.status() == psutil.STATUS_STOPPED, 20, "its stop")
    links: list[socket.socket] = []
    try:
        with pytest.raises(OSError, match="unavailable"):  # its queue has no place left
            links += connected(place, 100)
        assert reader_of(place) is None
        ask(place)  # of a fresh interpreter
    finally:
        for link in links:
            link.close()
        os.kill(pid, signal.SIGKILL)


def test_what_breaks_it_is_answered_by_a_fresh_interpreter(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []  # the first of them is none that may be asked

    def fresh(module: str, data: bytes, seconds: float) -> bytes:
        asked.append(module)
        return b"fresh"

    monkeypatch.setattr(resident_reader, "run_job", fresh)
    assert run(place, "flask_heapview.text", b"", 20) == b"fresh"
    assert run(place, JOB, b"no question", 20) == b"fresh"
    with answered_here():
        assert run(place, JOB, question(place), 20) == b"fresh"
    assert asked == ["flask_heapview.text", JOB, JOB]


def test_one_that_has_grown_makes_room(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = textwrap.dedent("""
        import sys
        from flask_heapview.isolation import resident_server
        resident_server.MAX_RESIDENT_BYTES = 1
        resident_server.serve(sys.argv[1], sys.argv[2], 60.0, sys.argv[3:])
    """)
    begun = start_interpreter

    def small(words: list[str], stream: int) -> subprocess.Popen[bytes]:
        _, _, where, name, _, *modules = words
        return begun(["-c", code, where, name, *modules], stream)

    monkeypatch.setattr(resident_reader, "start_interpreter", small)
    link = connect(place)
    assert link is not None
    pid = reader_of(place)
    link.close()
    ask(place)
    gone(pid)


def test_strangers_and_nonsense_do_not_end_it(place: Path) -> None:
    ask(place)
    pid = reader_of(place)
    for data in (b"", b"GET / HTTP/1.1\r\n\r\n", frames.packed(frames.JOB, b"\xc1"), b"\xff" * 20):
        link = connect(place)
        assert link is not None
        link.settimeout(20)
        link.sendall(data)
        if data:
            assert link.recv(1) == b""
        link.close()
    ask(place)
    assert reader_of(place) == pid


def test_a_child_of_a_fork_is_no_worker(place: Path) -> None:
    code = asking(
        place,
        "import os, sys\nif os.fork() == 0: sys.stdin.read()\nos._exit(0)",
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())
    try:
        gone(pid)  # while the child still lives
    finally:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.wait(20)
        worker.stdout.close()


@pytest.mark.parametrize("module", sorted(resident_reader.MODULES))
def test_the_modules_can_be_asked(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident_server, "ALLOWED", frozenset(resident_reader.MODULES))
    code, _ = resident_server.answered(frames.Job(module, b"no question"))
    assert code == frames.BROKEN
    found: Any = sys.modules[module]
    assert callable(found.handle)
