"""Every worker of a real gunicorn is listed from its boot on, and reached from every other."""

from __future__ import annotations

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from ..e2e.apps import LEAKY
from ..helpers import wait_until
from ..live_server import Server, Uwsgi, serving
from .listing import done, listed
from .servers import on


@on(
    *("gthread, preloaded", "gevent, preloaded", "uWSGI, preloaded"),
    slow=("sync", "gevent", "uWSGI"),
)
def test_each_worker_is_reached_whoever_answers(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        workers = listed(server, 2)
        assert [w["number"] for w in workers] == [1, 2]
        for worker in workers:
            status, told = server.api("GET", f"/status?worker={worker['id']}")
            assert (status, told["worker"]["pid"]) == (200, worker["pid"])
            status, past = server.api("GET", f"/history?worker={worker['number']}")
            assert (status, past["worker"]) == (200, worker["id"])
            door = tmp_path / "heapview" / f"worker-{worker['id']}.sock"
            assert stat.S_IMODE(door.stat().st_mode) == 0o600
        status, made = server.api("POST", "/snapshots", {"worker": "all"})
        assert status == 202, made
        states = [done(server, one["id"]) for one in made["snapshots"]]
        assert {s["worker"]: s["state"] for s in states} == {w["id"]: "done" for w in workers}
        for number in (1, 2):
            assert server.api("POST", "/gc/collect", {"worker": str(number)})[0] == 200
        both = server.api("POST", "/gc/collect?worker=all")[1]["workers"]
        assert {row["worker"] for row in both} == {w["id"] for w in workers}
        assert server.api("GET", "/status?worker=3")[0] == 404


def test_a_killed_worker_goes_and_its_number_is_taken(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "sync", "--workers", "2") as server:
        killed = listed(server, 2)[0]
        os.kill(killed["pid"], signal.SIGKILL)

        def replaced() -> bool:
            ids = {w["id"] for w in listed(server, 2)}
            return killed["id"] not in ids

        wait_until(replaced, 60, "a new worker")
        assert [w["number"] for w in listed(server, 2)] == [1, 2]
        sockets = sorted(p.name for p in (tmp_path / "heapview").glob("*.sock"))
        assert sockets == sorted(f"worker-{w['id']}.sock" for w in listed(server, 2))


def test_where_no_thread_runs_a_worker_serves_itself(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "", "--workers", "2", kind=Uwsgi) as server:

        def both() -> bool:
            return len(server.api("GET", "/workers")[1]["workers"]) == 2

        wait_until(both, 60, "two workers")
        workers = server.api("GET", "/workers")[1]["workers"]
        assert {w["self"]: w["answers"] for w in workers} == {True: True, False: False}
        assert all("enable-threads" in w["why"] for w in workers)
        status, made = server.api("POST", "/snapshots", {})
        assert (status, server.api("GET", f"/snapshots/{made['id']}")[1]["state"]) == (202, "done")
        status, problem = server.api("POST", "/watch", {"times": 2})
        assert (status, "enable-threads" in problem["detail"]) == (409, True)


def wake_ups(pid: int) -> dict[int, int]:
    """Of each thread but the main one: how often it ran."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            lines = (task / "status").read_text().splitlines()
        except OSError:  # it has ended since it was listed
            continue
        switches = [int(line.split()[1]) for line in lines if "ctxt_switches" in line]
        found[int(task.name)] = sum(switches)
    del found[pid]
    return found


def test_requests_never_wake_the_thread_that_waits(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "sync") as server:
        (worker,) = listed(server, 1)
        # the one that looked whether the process serves has ended
        wait_until(lambda: len(wake_ups(worker["pid"])) == 1, 30, "a single thread besides")
        before = wake_ups(worker["pid"])
        for number in range(300):
            assert server.get(f"/fine/{number}")[0] == 200
        assert wake_ups(worker["pid"]) == before
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path / "heapview")  # the path of a Unix socket is short
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(f"worker-{worker['id']}.sock")
        wait_until(lambda: wake_ups(worker["pid"]) != before, 30, "it to wake for a call")
