"""Live services that never mounted us: the snapshot, the verdict, and what is left behind."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.store.snapshots import Store

from ..helpers import ROOT, unmeasured, wait_until
from ..live_server import Server, Traffic, serving
from .targets import NEEDS_314, attach, call, command, running

pytestmark = NEEDS_314

# it says of itself what an attached process might keep
PLAIN = '''
"""A leaky service that has never heard of flask-heapview."""
import gc, logging, os, sys, threading, warnings
from flask import Flask

app = Flask(__name__)
kept = {}


def lasting(name):
    return "Pool" not in name and "_request" not in name  # those come and go with requests


def ours(o):
    try:
        return type(o) is not dict and str(o.__module__).startswith("flask_heapview")
    except Exception:
        return False


@app.get("/health")
def health():
    return "ok"


@app.get("/leak/<int:number>")
def leak(number):
    kept[number] = [str(number) * 20 for _ in range(20)]
    return "kept"


@app.get("/inside")
def inside():
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            pass
    return {
        "pid": os.getpid(),
        "kept": len(kept),
        "threads": sorted(filter(lasting, (t.name for t in threading.enumerate()))),
        "tasks": len(os.listdir("/proc/self/task")),
        "links": sorted(link for link in links if not link.startswith("socket:")),
        "path": sys.path,
        "finders": [repr(finder) for finder in sys.meta_path],
        "hooks": [repr(hook) for hook in sys.path_hooks],
        "importers": sorted(sys.path_importer_cache),
        "modules": sorted(sys.modules),
        "loggers": sorted(logging.root.manager.loggerDict),
        "filters": [str(entry) for entry in warnings.filters],
        "collector": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)],
        "routes": sorted(str(rule) for rule in app.url_map.iter_rules()),
        "before": len(app.before_request_funcs),
        "extensions": sorted(app.extensions),
        "excepthooks": [repr(threading.excepthook), repr(sys.excepthook)],
        "ours": sum(map(ours, gc.get_objects())),
    }

'''


@contextlib.contextmanager
def developing(home: Path) -> Iterator[Any]:
    """The same service in Flask's development server."""
    (home / "app.py").write_text(PLAIN)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Server.__new__(Server)
    server.home, server.port, server.log = home, port, home / "log"
    with server.log.open("wb") as log:
        server.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "run", "--port", str(port)],
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=unmeasured(),
        )
    try:
        wait_until(server._answers, 40, "the server")
        yield server
    finally:
        server.stop()


# objects: the types of our two C libraries, and what waits for the collector; it would be thousands
MAX_LEFT = 10

SERVICES = {
    "gthread": lambda home: serving(home, PLAIN, "gthread", "--threads", "4"),
    "gevent": lambda home: serving(home, PLAIN, "gevent"),
    "development": developing,
}


def inside(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.get("/inside")[1]
    return found


def leak(server: Server, numbers: range) -> None:
    for number in numbers:
        assert server.get(f"/leak/{number}")[0] == 200


def assert_nothing_is_left(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    """But what the command names: imported modules, and libffi's own descriptor."""
    came = set(after["modules"]) - set(before["modules"])
    assert not [name for name in came if name.startswith("flask_heapview")]
    named = re.search(r"(\d+) modules stay imported", said)
    assert len(came) == (int(named[1]) if named else 0), came
    for link in set(after["links"]) - set(before["links"]):
        assert Path(link).name in said, link
    same = set(before) - {"modules", "links", "kept", "ours", "tasks"}
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert after["ours"] - before["ours"] <= MAX_LEFT


def settled(server: Server, before: dict[str, Any]) -> dict[str, Any]:
    """What is inside when its threads are as they were."""
    return wait_until(
        lambda: (now := inside(server))["threads"] == before["threads"] and now, 30, "the threads"
    )


@pytest.mark.parametrize("kind", SERVICES)
def test_two_attaches_name_the_leak_and_leave_nothing(kind: str, tmp_path: Path) -> None:
    with SERVICES[kind](tmp_path) as server:
        leak(server, range(50))
        before = inside(server)
        pid = before["pid"]
        with Traffic(server, "/health") as traffic:
            first = attach(pid, tmp_path, "--label", "before")
        assert traffic.failed == 0
        assert_nothing_is_left(before, settled(server, before), first)
        leak(server, range(50, 300))
        again = inside(server)
        second = attach(pid, tmp_path, "--label", "after")
        assert "Nothing new stays in the process" in second
        after = settled(server, before)
        assert_nothing_is_left(again, after, second)
        assert after["links"] == again["links"]
        if Store(tmp_path / "store").listing()[0].engine.startswith("native"):
            assert after["ours"] == again["ours"]
        log = server.log.read_text()
    assert "Traceback" not in log
    assert not [line for line in log.splitlines() if "heapview" in line]
    assert {p.suffix for p in (tmp_path / "store").iterdir()} <= {".snapshot", ".lock"}
    said = call("--dir", tmp_path / "store", "report", cwd=tmp_path)
    assert "dict app.kept gained 250 entries" in said
    assert "reference-cycle" not in said


def test_the_count_of_gunicorn_is_used(tmp_path: Path) -> None:
    with SERVICES["gthread"](tmp_path) as server:
        leak(server, range(20))
        pid = inside(server)["pid"]
        first = attach(pid, tmp_path)
        leak(server, range(20, 120))
        attach(pid, tmp_path)
    counted = re.search(r"Its server has counted (\d+) requests. Endpoints are not known", first)
    assert counted is not None
    base, target = sorted(Store(tmp_path / "store").listing(), key=lambda info: info.clock)
    assert base.requests.counted_by == "server"
    assert base.requests.total == int(counted[1]) >= 21
    assert target.requests.total - base.requests.total == 100
    assert (base.requests.endpoints, base.worker) == ({}, target.worker)
    said = call("--dir", tmp_path / "store", "report", cwd=tmp_path)
    assert "It leaks: dict app.kept gained 100 entries" in said
    assert "over 100 requests" in said
    assert f"{base.requests.total} requests" in call(
        "--dir", tmp_path / "store", "list", cwd=tmp_path
    )


def test_without_a_count_the_snapshot_and_the_report_say_so(tmp_path: Path) -> None:
    with SERVICES["development"](tmp_path) as server:
        leak(server, range(20))
        pid = inside(server)["pid"]
        first = attach(pid, tmp_path)
        leak(server, range(20, 120))
        attach(pid, tmp_path)
    assert "Nobody counts its requests" in first
    assert "unknown requests" in call("--dir", tmp_path / "store", "list", cwd=tmp_path)
    said = call("--dir", tmp_path / "store", "report", cwd=tmp_path)
    assert "Verdict: inconclusive, over an unknown number of requests" in said
    assert "app.kept gained 100 entries" in said
    assert " 0 requests" not in said


def test_a_request_wakes_an_idle_sync_worker(tmp_path: Path) -> None:
    with serving(tmp_path, PLAIN, "sync", "--timeout", "600") as server:
        leak(server, range(50))
        before = inside(server)
        words = command("--dir", tmp_path / "store", "attach", before["pid"])
        said = []
        for numbers in (range(50, 51), range(51, 300)):
            waiting = subprocess.Popen(
                words, cwd=tmp_path, env=unmeasured(), stdout=subprocess.PIPE, text=True
            )
            assert waiting.stdout is not None
            hint = waiting.stdout.readline()
            assert f"Process {before['pid']} is idle" in hint
            assert waiting.poll() is None
            leak(server, numbers)
            said.append(hint + waiting.communicate(timeout=60)[0])
            assert waiting.returncode == 0, said[-1]
        assert_nothing_is_left(before, inside(server), said[0])
        leak(server, range(300, 500))
        said.append(attach(before["pid"], tmp_path, "--wake"))
        assert "Nothing new stays" in said[-1]
    found = call("--dir", tmp_path / "store", "report", cwd=tmp_path)
    assert "It leaks: dict app.kept gained" in found


MOUNTED = PLAIN.replace(
    '@app.get("/health")',
    """import flask_heapview
flask_heapview.HeapView(app, token="a-token-for-the-tests-0123456789")


@app.get("/health")""",
)


def test_a_service_that_has_us_mounted_keeps_all_it_had(tmp_path: Path) -> None:
    with serving(tmp_path, MOUNTED, "gthread", "--threads", "4") as server:
        leak(server, range(30))
        assert server.capture()["state"] == "done"  # its own
        ending = {"heapview-capture", "heapview-reader"}
        before = wait_until(
            lambda: not ending & set((now := inside(server))["threads"]) and now, 30
        )
        said = attach(before["pid"], tmp_path)
        assert "The process has loaded flask-heapview itself" in said
        after = settled(server, before)
        assert after["modules"] == before["modules"]
        assert after["loggers"] == before["loggers"]
        assert after["finders"] == before["finders"]
        assert server.capture()["state"] == "done"  # and it still can


# a Python that finds no package but the standard library's
LACKING = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "ditable" not in repr(finder)]
sys.path[:] = [place for place in sys.path if "site-packages" not in place]
import time
print("up", flush=True)
seen = None
while True:
    time.sleep(0.05)
    now = sorted(name for name in sys.modules if name.startswith("flask_heapview")), list(sys.path)
    if now != seen:
        seen = now
        print(repr(now), flush=True)
"""


def test_what_the_process_does_not_have_is_lent(tmp_path: Path) -> None:
    with running(tmp_path, LACKING) as target:
        said = attach(target.pid, tmp_path)
        assert re.search(r"The process does not have .*msgspec.* and psutil: this command's", said)
        wait_until(lambda: target.said().splitlines()[-1].startswith("([], "), 30, "the purge")
        seen = [ast.literal_eval(line) for line in target.said().splitlines()[1:]]
    assert len({tuple(path) for _, path in seen}) == 1  # sys.path was never touched
    assert os.path.isdir(tmp_path / "store")


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    (commands,) = re.findall(r"<!-- run: attach -->\n```sh\n(.*?)```", text, re.DOTALL)
    with SERVICES["gthread"](tmp_path) as server:
        leak(server, range(20))
        script = commands.replace("# send traffic", "python traffic.py; #")
        (tmp_path / "traffic.py").write_text(
            "import urllib.request\n"
            "for number in range(20, 120):\n"
            f"    urllib.request.urlopen(f'http://127.0.0.1:{server.port}/leak/{{number}}').read()\n"
        )
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env={
                **unmeasured(),
                "PID": str(inside(server)["pid"]),
                "TMPDIR": str(tmp_path),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "FLASK_APP": "app.py",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It leaks: dict app.kept gained 100 entries" in done.stdout


# nothing is collected but by us, and when it is asked for
UNCOLLECTED = """
import gc, signal
gc.collect()
gc.set_threshold(0)
signal.signal(signal.SIGUSR1, lambda *_: print("garbage", gc.collect(), flush=True))
print("up", flush=True)
while True:
    signal.pause()
"""


def test_what_the_capture_needed_is_no_garbage_afterwards(tmp_path: Path) -> None:
    with running(tmp_path, UNCOLLECTED) as target:
        target.asleep()
        attach(target.pid, tmp_path, "--wake")
        first = target.said()
        target.wake()
        objects = int(target.said().removeprefix(first).split()[-1])
    assert objects < 50  # that the judge looks at: our modules would be thousands
