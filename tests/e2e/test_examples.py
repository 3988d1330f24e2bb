"""The leaky shop: each of its five leaks is named, and its repaired twins are not accused."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ..helpers import ROOT, TOKEN, unmeasured, wait_until
from ..live_server import Server, serving

SOURCE = """
from examples.leaky_shop.wsgi import application as app


@app.get("/health")
def health():
    return "ok"
"""


@contextlib.contextmanager
def shop(home: Path) -> Iterator[Server]:
    options = ("--threads", "4")
    with serving(home, SOURCE, "gthread", *options, PYTHONPATH=str(ROOT)) as server:
        yield server


def traffic(server: Server, *words: str) -> None:
    url = f"http://127.0.0.1:{server.port}"
    done = subprocess.run(
        [sys.executable, "-m", "examples.leaky_shop.traffic", "--url", url, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def verdict(  # type: ignore[type-arg]
    server: Server, *words: str, rounds: tuple[int, int] = (30, 150), mode: str = "exact"
) -> dict:
    """After three snapshots, with so many requests before the first and between them."""
    traffic(server, "--requests", str(rounds[0]), *words)
    server.api("POST", "/allocations", {"mode": mode})
    ids = [server.capture()["id"]]
    for _ in range(2):
        traffic(server, "--requests", str(rounds[1]), *words)
        ids.append(server.capture()["id"])
    status, report = server.api("GET", f"/report?base={ids[0]}&target={ids[2]}")
    assert status == 200
    return report  # type: ignore[no-any-return]


LEAKS = [
    ("catalogue", "unclosed-resource", "examples.leaky_shop.app.open_catalogues"),
    ("basket", "unbounded-container", "examples.leaky_shop.app.baskets"),
    ("order", "reference-cycle", None),
    ("invoice", "native", None),
    ("price", "unbounded-container", "examples.leaky_shop.app.prices"),
]
LATER = ("catalogue", "basket", "order", "price")  # make test-all has them


@pytest.mark.parametrize(
    ("page", "cause", "path"),
    [
        pytest.param(*row, id=row[0], marks=[pytest.mark.slow] if row[0] in LATER else [])
        for row in LEAKS
    ],
)
def test_each_leak_is_named(page: str, cause: str, path: str | None, tmp_path: Path) -> None:
    with shop(tmp_path) as server:
        report = verdict(server, "--only", page)
    assert report["verdict"] == "leak", report["summary"]
    top = report["suspects"][0]
    assert top["cause"] == cause
    assert (top["holder"] or {"path": None})["path"] == path
    if top["endpoints"]:
        assert top["endpoints"][0]["endpoint"] == page


@pytest.mark.slow
def test_all_leaks_at_once_are_told_apart(tmp_path: Path) -> None:
    with shop(tmp_path) as server:
        report = verdict(server, "--pause", "0.02", rounds=(60, 700), mode="sampled")
    leaks = [one for one in report["suspects"] if one["confidence"] >= 0.5]
    found = {
        (one["endpoints"][0]["endpoint"], one["cause"], (one["holder"] or {"path": None})["path"])
        for one in leaks
    }
    assert found == set(LEAKS), report["suspects"]
    assert len(leaks) == len(LEAKS)
    assert "4 more leaks were found" in report["summary"]
    assert abs(report["explained"]["rest"]) < 0.1 * report["explained"]["resident"]


def test_the_repaired_twins_are_not_accused(tmp_path: Path) -> None:
    with shop(tmp_path) as server:
        report = verdict(server, "--fixed")
    assert report["verdict"] != "leak", report["suspects"]


@contextlib.contextmanager
def starting(*shell: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The demo, begun; `shell` starts it. Gives the process and the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*shell, sys.executable, str(ROOT / "examples" / "demo.py"), "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**unmeasured(), "HEAPVIEW_TOKEN": TOKEN},
        # whoever runs the tests under nohup hands an ignored SIGHUP down
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    assert process.stdout is not None
    with process.stdout:
        yield process, port


@contextlib.contextmanager
def all_end(process: subprocess.Popen[str]) -> Iterator[None]:
    """By the end of the context it has ended, and so have the children that it has now."""
    started = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
    try:
        yield
        process.wait(20)
        psutil.wait_procs(started, timeout=20)
        assert [one.cmdline() for one in started if one.is_running()] == []
    finally:
        for one in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


@contextlib.contextmanager
def demo(*shell: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """The demo, once it serves. Gives the process, the port, the address."""
    with starting(*shell) as (process, port):
        assert process.stdout is not None
        address = ""
        while "login#token=" not in address:
            address = process.stdout.readline()
            assert address or process.poll() is None
        with all_end(process):
            yield process, port, address


def test_the_demo_prints_an_address_that_works() -> None:
    with demo() as (process, port, address):
        assert re.search(rf"http://127\.0\.0\.1:{port}/_debug/memory/login#token=\S+", address)
        server = Server.__new__(Server)
        server.port = port
        served = lambda: server.api("GET", "/workers")[1]["workers"][0]["requests"] > 5  # noqa: E731
        wait_until(served, 30, "traffic")
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_demo_leaves_nothing_behind(number: signal.Signals) -> None:
    """`demo` itself looks whether any process is left."""
    with demo() as (process, _, _):
        assert len(psutil.Process(process.pid).children(recursive=True)) >= 3
        process.send_signal(number)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)


def test_the_demo_ends_with_the_shell_that_started_it() -> None:
    with demo("sh", "-c", '"$@"; true', "sh") as (shell, _, _):
        shell.kill()


def test_the_demo_ends_with_a_shell_that_ends_before_it_serves() -> None:
    with starting("sh", "-c", '"$@"; true', "sh") as (shell, _):
        children = psutil.Process(shell.pid).children
        wait_until(lambda: len(children(recursive=True)) >= 2, 30, "the server's start")
        with all_end(shell):
            shell.kill()


def test_the_minimal_example(tmp_path: Path) -> None:
    code = "import runpy, sys; runpy.run_path(sys.argv[1])['app'].test_client().get('/visit/1')"
    env = {**os.environ, "HEAPVIEW_TOKEN": TOKEN, "HEAPVIEW_DIR": str(tmp_path / "h")}
    path = str(ROOT / "examples" / "minimal.py")
    subprocess.run([sys.executable, "-c", code, path], check=True, env=env)
