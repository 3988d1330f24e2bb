"""Helper interpreters: few at a time, and none takes a thread that could serve."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from flask_heapview.errors import HelpersBusy
from flask_heapview.isolation import resident_reader
from flask_heapview.isolation.turns import MAX_AT_ONCE, at_once, turn
from flask_heapview.render import html

from ..e2e.apps import LEAKY
from ..helpers import API, BEARER, PREFIX, capture
from ..live_server import Server, serving


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[int]]:
    """All turns are taken, as if by other workers. Close one to give it back."""
    held = []
    for number in range(at_once()):
        fd = os.open(tmp_path / f"helper-{number}.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        held.append(fd)
    yield held
    for fd in held:
        os.close(fd)


@pytest.mark.parametrize(("processors", "expected"), [(1, 1), (2, 1), (3, 1), (4, 2), (64, 2)])
def test_half_of_the_processors_are_the_services(
    processors: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    assert at_once() == expected <= MAX_AT_ONCE


def test_other_workers_count(tmp_path: Path, others: list[int]) -> None:
    with pytest.raises(HelpersBusy), turn(tmp_path):
        pass
    os.close(others.pop())
    for _ in range(2):  # and it is given back
        with turn(tmp_path):
            pass


def test_a_thread_of_ours_may_wait(tmp_path: Path, others: list[int]) -> None:
    threading.Timer(0.3, lambda: os.close(others.pop())).start()
    with turn(tmp_path, 30):
        assert len(others) == at_once() - 1


def test_without_the_directory_the_process_counts(tmp_path: Path) -> None:
    with turn(tmp_path / "missing"), pytest.raises(HelpersBusy), turn(tmp_path / "missing"):
        pass


def test_one_thread_of_a_worker_at_most(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = capture(client)["id"]
    begun, go_on = threading.Event(), threading.Event()
    true = resident_reader.run

    def slow(*args: Any) -> bytes:
        begun.set()
        assert go_on.wait(60)
        return true(*args)

    monkeypatch.setattr(resident_reader, "run", slow)
    with ThreadPoolExecutor(1) as pool:
        app = client.application
        path = f"/snapshots/{made}/heap"
        first = pool.submit(lambda: app.test_client().get(API + path, headers=BEARER))
        try:
            assert begun.wait(60)
            second = client.get(API + path, headers=BEARER)
            client.post(f"{PREFIX}/login", data={"token": BEARER["Authorization"].split()[1]})
            page = client.get(PREFIX + path)
        finally:
            go_on.set()
        assert first.result(60).status_code == 200
    assert (second.status_code, second.headers["Retry-After"]) == (503, "1")
    assert second.mimetype == "application/problem+json"
    assert (page.status_code, page.headers["Refresh"]) == (503, "1")
    assert client.get(API + path, headers=BEARER).status_code == 200


def test_a_page_keeps_the_turn_until_it_is_made(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another thread of a small worker would go to a helper meanwhile, and none serve."""
    path = f"/snapshots/{capture(client)['id']}/heap"
    begun, go_on = threading.Event(), threading.Event()
    true = html.render

    def slow(*args: Any, **values: Any) -> str:
        begun.set()
        assert go_on.wait(60)
        return true(*args, **values)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(html, "render", slow)
        app = client.application
        page = pool.submit(lambda: app.test_client().get(PREFIX + path, headers=BEARER))
        try:
            assert begun.wait(60)
            assert client.get(API + path, headers=BEARER).status_code == 503
            assert client.get(f"{API}/status", headers=BEARER).status_code == 200
        finally:
            go_on.set()
        assert page.result(60).status_code == 200
    assert client.get(API + path, headers=BEARER).status_code == 200


def test_a_page_that_fails_gives_the_turn_back(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/snapshots/{capture(client)['id']}/heap"
    with monkeypatch.context() as broken:
        broken.setattr(html, "render", lambda *_, **__: 1 / 0)
        assert client.get(PREFIX + path, headers=BEARER).status_code == 500
    with ThreadPoolExecutor(1) as pool:
        ask = client.application.test_client().get
        assert pool.submit(ask, API + path, headers=BEARER).result(60).status_code == 200


def helpers(server: Server) -> int:
    """How many there are at this moment."""
    found = 0
    for process in psutil.Process(server.process.pid).children(recursive=True):
        try:
            found += any("query_job" in word for word in process.cmdline())
        except psutil.Error:
            continue
    return found


def test_many_reports_at_once(tmp_path: Path) -> None:
    """On a real server with several workers: its own route does not wait for them."""
    options = ("--workers", "3", "--threads", "4")
    with serving(tmp_path, LEAKY, "gthread", *options) as server:
        made = server.capture()["id"]
        stop = threading.Event()
        most, slowest = [0], [0.0]

        def look() -> None:
            while not stop.is_set():
                most.append(helpers(server))

        def ask_the_service() -> None:
            while not stop.is_set():
                begin = time.monotonic()
                assert server.get("/health")[0] == 200
                slowest.append(time.monotonic() - begin)

        def report(_: int) -> tuple[int, Any]:
            path = f"{API}/report?target={made}"
            status, _, headers = server.call("GET", path, token=True)
            return status, headers.get("Retry-After")

        with ThreadPoolExecutor(18) as pool:
            watching = [pool.submit(look), pool.submit(ask_the_service)]
            try:
                answers = list(pool.map(report, range(48)))
            finally:
                stop.set()
            for one in watching:
                one.result(60)
        assert 1 <= max(most) <= at_once()
        assert set(answers) == {(200, None), (503, "1")}
        assert max(slowest) < 5.0
