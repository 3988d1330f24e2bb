"""Workers that are killed, restarted and replaced while somebody asks for them: real servers."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import psutil

from flask_heapview.workers.entries import Entries

from ..e2e.apps import LEAKY
from ..helpers import wait_until
from ..live_server import Server, Traffic, Uwsgi, serving
from .listing import done, listed
from .servers import on

each_server = on("gthread, preloaded", slow=("sync", "gevent", "uWSGI"))
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/status?worker={id}", {}),
    ("POST", "/snapshots", {"worker": "{id}"}),
    ("POST", "/gc/collect", {"worker": "{id}"}),
    ("POST", "/allocations", {"worker": "{id}", "mode": "off"}),
    ("POST", "/watch", {"worker": "{id}", "times": 2}),
]


def own_files(home: Path) -> set[str]:
    """What the workers have in their directory, without snapshots."""
    return {path.name for path in (home / "heapview").glob("worker*.*")} - {"workers.lock"}


def files_of(workers: list[dict[str, Any]]) -> set[str]:
    return {f"worker-{w['id']}.{ending}" for w in workers for ending in ("json", "sock")}


def asked_in_vain(server: Server, worker: dict[str, Any], operation: Any) -> tuple[int, Any]:
    """The answer to a call for a worker that dies while it is asked."""
    method, path, body = operation
    body = {key: worker["id"] if value == "{id}" else value for key, value in body.items()}
    answers: list[tuple[int, Any]] = []
    os.kill(worker["pid"], signal.SIGSTOP)  # it takes the call, and does nothing with it
    waiting = {c.fd for c in psutil.Process(worker["pid"]).net_connections("unix")}

    def call() -> None:
        answers.append(server.api(method, path.format(id=worker["id"]), body or None))

    thread = threading.Thread(target=call)
    thread.start()
    try:
        wait_until(lambda: asked(server, worker), 60, "the call to reach the worker's socket")
        assert not answers, waiting
    finally:
        os.kill(worker["pid"], signal.SIGKILL)
    thread.join(60)
    return answers[0]


def asked(server: Server, worker: dict[str, Any]) -> bool:
    """Whether somebody has connected to the worker's socket, and waits."""
    path = str(server.home / "heapview" / f"worker-{worker['id']}.sock")
    lines = Path("/proc/net/unix").read_text().splitlines()
    return sum(line.endswith(path) or _short(line, worker) for line in lines) > 1


def _short(line: str, worker: dict[str, Any]) -> bool:
    """A long path is bound by way of /proc/self/fd."""
    return line.endswith(f"/worker-{worker['id']}.sock")


@each_server
def test_a_worker_that_is_killed_while_it_is_asked(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        for operation in OPERATIONS:
            killed = listed(server, 2)[-1]
            status, problem = asked_in_vain(server, killed, operation)
            assert status in (503, 504), (operation, status, problem)
            assert killed["id"] in str(problem), problem
            now = server.api("GET", "/workers")[1]["workers"]
            assert killed["id"] not in {w["id"] for w in now}
        workers = listed(server, 2)
        assert own_files(tmp_path) == files_of(workers)
        assert [w["number"] for w in workers] == [1, 2]


@each_server
def test_a_worker_that_is_killed_while_all_are_captured(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        killed = listed(server, 2)[-1]
        status, made = server.api("POST", "/snapshots", {"worker": "all"})
        assert status == 202, made
        os.kill(killed["pid"], signal.SIGKILL)
        # until it is gone, it may still take a connection, which ends with it
        wait_until(lambda: not psutil.pid_exists(killed["pid"]), 30, "its end")
        states = {s["worker"]: s for s in (done(server, one["id"]) for one in made["snapshots"])}
        gone = states.pop(killed["id"])
        assert gone["state"] == "done" or "ended during the capture" in gone["error"]
        assert [s["state"] for s in states.values()] == ["done"]
        workers = listed(server, 2)
        assert own_files(tmp_path) == files_of(workers)
        left = {p.suffix for p in (tmp_path / "heapview").iterdir() if p.name[0].isdigit()}
        assert left <= {".snapshot", ".failed"}


def restart(server: Server) -> None:
    """A restart in which some worker serves at any time; uWSGI has HUP for another kind."""
    if isinstance(server, Uwsgi):
        source = server.home / "app.py"
        later = source.stat().st_mtime + 2  # uWSGI compares whole seconds
        os.utime(source, (later, later))
    else:
        server.process.send_signal(signal.SIGHUP)


@each_server
def test_a_rolling_restart_under_traffic(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        before = {w["id"] for w in listed(server, 2)}
        with Traffic(server, "/fine/{i}") as traffic:
            restart(server)

            def replaced() -> bool:
                return not before & {w["id"] for w in listed(server, 2)}

            wait_until(replaced, 60, "new workers")
            wait_until(lambda: traffic.answered > 50, 60, "traffic")
        assert traffic.failed == 0
        workers = listed(server, 2)
        assert own_files(tmp_path) == files_of(workers)
        for worker in workers:
            assert server.api("GET", f"/status?worker={worker['number']}")[0] == 200


@each_server
def test_workers_that_end_after_so_many_requests(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    more = [*options, "--workers", "2", "--max-requests", "40"]
    if kind is Uwsgi:
        more.append("--min-worker-lifetime=0")
    with serving(tmp_path, LEAKY, *more, kind=kind) as server:
        before = {w["id"] for w in listed(server, 2)}
        with Traffic(server, "/fine/{i}") as traffic:
            wait_until(lambda: traffic.answered > 300, 60, "traffic")
            # gevent's workers look once a second whether they have served enough
            wait_until(lambda: not before & {w["id"] for w in listed(server, 2)}, 60, "new workers")
        assert traffic.failed == 0
        workers = listed(server, 2)
        assert own_files(tmp_path) == files_of(workers)


@each_server
def test_nothing_is_left_when_the_service_ends(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        listed(server, 2)
        assert server.capture()["state"] == "done"
        # uWSGI's worker ends without Python's exit hooks if a signal meets it at work
        wait_until(lambda: not list((tmp_path / "heapview").glob("*.p*")), 60, "its thread to end")
        session = server.process.pid
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        wait_until(lambda: not in_session(session), 30, "the processes to end")
        if kind is Uwsgi:  # what its worker left so goes with the next look
            assert Entries(tmp_path / "heapview").live() == []
        assert own_files(tmp_path) == set()


def in_session(session: int) -> list[int]:
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == session:
                found.append(pid)
        except OSError:
            pass
    return found
