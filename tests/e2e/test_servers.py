"""Real gunicorn with each sort of worker: captures while requests go on, and the verdict."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ..helpers import PREFIX, runs, wait_until
from ..live_server import Server, Traffic, serving
from .apps import LEAKY

WORKERS = [
    ("sync", ()),
    ("gthread", ("--threads", "4")),
    ("gevent", ()),
]


@pytest.mark.parametrize(
    ("worker_class", "options"),
    [
        pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] == "gevent" else [])
        for row in WORKERS
    ],
)
def test_a_leak_is_found_while_requests_go_on(
    worker_class: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, worker_class, *options) as server:
        for number in range(20):
            server.get(f"/leak/{number}")
        ids = []
        meanwhile = 0
        for turn in range(3):
            with Traffic(server, "/fine/{i}") as traffic:
                done = server.capture(label=f"turn {turn}")
            assert done["state"] == "done", done["error"]
            assert traffic.failed == 0
            meanwhile += traffic.answered
            ids.append(done["id"])
            for number in range(60):
                assert server.get(f"/leak/{100 * (turn + 1) + number}")[0] == 200
        assert meanwhile > 50
        status, report = server.api("GET", f"/report?base={ids[0]}&target={ids[2]}")
        assert (status, report["verdict"]) == (200, "leak")
        top = report["suspects"][0]
        assert top["holder"]["path"] == "app.kept"
        assert report["interval"]["endpoints"]["leak"] == 120
        (worker,) = server.api("GET", "/workers")[1]["workers"]
        process = psutil.Process(worker["pid"])
        wait_until(lambda: not process.children(), 30, "the end of the reader")
        assert "Traceback" not in server.log.read_text()


def held_capture(server: Server, pid: int) -> tuple[str, list[psutil.Process]]:
    """The id of a capture that cannot end, and its processes, which are stopped."""

    def begun() -> tuple[str, list[psutil.Process]] | None:
        status, made = server.api("POST", "/snapshots", {})
        assert status == 202, made
        helpers = psutil.Process(pid).children()
        each(helpers, psutil.Process.suspend)
        if helpers and server.api("GET", f"/snapshots/{made['id']}")[1]["state"] == "running":
            return made["id"], helpers
        each(helpers, psutil.Process.resume)  # it was quicker
        wait_until(lambda: server.api("GET", f"/snapshots/{made['id']}")[1]["state"] == "done", 60)
        return None

    found: tuple[str, list[psutil.Process]] = wait_until(begun, 120, "a capture that is held")
    return found


def each(processes: list[psutil.Process], do: Callable[[psutil.Process], None]) -> None:
    """With those that have not ended."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            do(process)


def test_a_worker_that_is_killed_in_mid_capture(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "gthread", "--threads", "4") as server:
        (worker,) = server.api("GET", "/workers")[1]["workers"]
        held, helpers = held_capture(server, worker["pid"])
        again, refused = server.api("POST", "/snapshots", {})
        assert (again, refused["running"]) == (429, held)
        os.kill(worker["pid"], signal.SIGKILL)
        each(helpers, psutil.Process.resume)
        wait_until(lambda: not any(map(runs, helpers)), 60, "the end of its processes")

        def ended() -> object:
            try:
                state = server.api("GET", f"/snapshots/{held}")[1]
            except OSError:  # gunicorn makes a new worker
                return None
            return state if state["state"] == "failed" else None

        state = wait_until(ended, 60)
        assert state["error"] == "The worker ended during the capture."
        assert server.api("GET", "/workers")[1]["workers"][0]["id"] != worker["id"]
        assert server.capture()["state"] == "done"
        left = {p.suffix for p in (tmp_path / "heapview").iterdir() if p.name[0].isdigit()}
        assert left == {".failed", ".snapshot"}


def test_snapshots_survive_their_worker_and_are_shared(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "sync", "--workers", "2") as server:
        first = server.capture()
        os.kill(first["pid"], signal.SIGTERM)
        wait_until(lambda: not psutil.pid_exists(first["pid"]), 30)
        seen = set()

        def both() -> bool:
            workers = server.api("GET", "/workers")[1]["workers"]
            seen.update(w["id"] for w in workers if w["self"])
            return len(workers) == 2 and len(seen) == 2

        wait_until(both, 60, "both workers to be listed")
        assert first["worker"] not in seen
        assert server.api("GET", f"/snapshots/{first['id']}/heap")[0] == 200
        second = server.capture()
        status, problem = server.api("GET", f"/report?base={first['id']}&target={second['id']}")
        assert (status, problem["workers"]) == (409, [first["worker"], second["worker"]])
        assert server.api("GET", f"/diff?base={first['id']}&target={second['id']}")[0] == 409


def test_a_preloaded_app_counts_for_each_worker(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "gthread", "--preload", "--threads", "2") as server:
        for number in range(5):
            server.get(f"/leak/{number}")
        done = server.capture()
        assert done["state"] == "done"
        assert done["requests"]["endpoints"]["leak"] == 5
        assert done["pid"] != server.process.pid


def test_the_page_is_there_and_closed(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, "sync") as server:
        status, _, headers = server.get(f"{PREFIX}/")
        assert (status, headers["Location"]) == (303, f"{PREFIX}/login?next={PREFIX}/")


FIRE = (
    LEAKY
    + """
import random, sys, types

@app.get("/churn/<int:number>")
def churn(number):
    dice = random.Random(number)
    kind = type(f"Made{number % 50}", (), {"__slots__": ("a", "__dict__")})
    module = types.ModuleType(f"made_{number % 20}")
    module.kept = [kind() for _ in range(50)]
    sys.modules[module.__name__] = module
    sys.modules.pop(f"made_{dice.randrange(20)}", None)
    return "churned"
"""
)


@pytest.mark.slow
@pytest.mark.parametrize(("worker_class", "options"), WORKERS[1:], ids=["gthread", "gevent"])
def test_hundreds_of_captures_under_load(
    worker_class: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        serving(tmp_path, FIRE, worker_class, *options) as server,
        Traffic(server, "/churn/{i}") as traffic,
    ):
        for turn in range(100):
            done = server.capture(label=f"turn {turn}")
            assert done["state"] == "done", done["error"]
            assert done["engine"].startswith("native")
        assert traffic.failed == 0
        assert traffic.answered > 100
