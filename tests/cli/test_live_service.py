"""Each command against a real gunicorn with two workers: over a socket, and by its address."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_heapview.cli.http_link import HttpLink
from flask_heapview.cli.service_api import ServiceApi
from flask_heapview.cli.service_link import SocketLink
from flask_heapview.cli.snapshots import ServedSnapshots
from flask_heapview.views import VIEWS

from ..e2e.apps import LEAKY
from ..helpers import PREFIX, TOKEN
from ..live_server import Server, serving
from ..workers.listing import done as done_in_the_end
from ..workers.listing import listed
from .shell import shell

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("service")
    with serving(home, LEAKY, "sync", "--workers", "2") as made:
        listed(made, 2)
        yield made


@pytest.fixture(params=["socket", pytest.param("url", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Run:
    """The commands, over either link. Whatever they print is plain, and fits."""

    def do(*words: object, code: int = 0, wide: bool = False) -> subprocess.CompletedProcess[str]:
        env = (
            {"HEAPVIEW_DIR": str(server.home / "heapview")}
            if request.param == "socket"
            else {
                "HEAPVIEW_URL": f"http://127.0.0.1:{server.port}{PREFIX}/",
                "HEAPVIEW_TOKEN": TOKEN,
            }
        )
        done = shell(*words, cwd=tmp_path, **env)
        assert done.returncode == code, done.stdout + done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert wide or all(len(line) <= 80 for line in done.stdout.splitlines()), done.stdout
        return done

    return do


def snapshot_of(text: str) -> str:
    """The id that `capture` has printed."""
    return text.split()[1]


def test_workers_and_what_is_done_to_them(run: Run, server: Server) -> None:
    pids = {str(worker["pid"]) for worker in listed(server, 2)}
    shown = run("workers").stdout
    assert pids == {line.split()[1] for line in shown.splitlines()[1:]}
    workers = json.loads(run("workers", "--json").stdout)["workers"]
    assert {str(worker["pid"]) for worker in workers} == pids
    assert "worker 1: found" in run("gc", "--worker", "1").stdout
    assert run("gc", "--all").stdout.count("unreachable objects") == 2
    assert "worker 2: " in run("trim", "--worker", "2").stdout
    assert run("allocations", "off", "--all").stdout.count("tracing is off") == 2
    exact = run("allocations", "on", "--exact", "--frames", "5", "--worker", "1").stdout
    assert exact == "worker 1: allocation tracing is exact, 5 frames deep.\n"
    assert [w["allocations"]["mode"] for w in listed(server, 2)] == ["exact", "off"]
    run("allocations", "on", "--all")
    assert {w["allocations"]["mode"] for w in listed(server, 2)} == {"sampled"}


def test_one_of_several_workers_has_to_be_named(run: Run) -> None:
    for words in (["capture"], ["watch"], ["trim"], ["allocations", "on"]):
        refused = run(*words, code=1)
        assert "There are 2 workers: 1 (pid " in refused.stderr
        assert "--worker" in refused.stderr
    assert "no live worker '7'" in run("capture", "--worker", "7", code=1).stderr
    run("capture", "--worker", "1", "--all", code=2)
    run("gc", "--all", "--json", code=2)
    run("allocations", "--exact", code=2)


def test_capturing_and_reading(run: Run, server: Server, tmp_path: Path) -> None:
    worker = listed(server, 2)[0]["id"]
    first = snapshot_of(run("capture", "--worker", "1", "--label", "[b]efore").stdout)
    for number in range(60):
        assert server.get(f"/leak/{number}")[0] == 200
    done = run("capture", "--worker", worker)
    assert "Paused for " in done.stdout
    last = snapshot_of(done.stdout)
    assert f"worker {worker}  [b]efore" in run("list", wide=True).stdout
    ticket = json.loads(run("report", "[b]efore", last, "--json", wide=True).stdout)
    assert (ticket["base"]["id"], ticket["target"]["id"]) == (first, last)
    assert "Verdict: **" in run("report", first, last, "--format", "markdown", wide=True).stdout
    run("capture", "--worker", "2")
    of_the_first = run("report", "--worker", "1").stdout.replace("\n", " ")
    assert f"to {last}" in of_the_first
    assert "Containers that changed" in run("diff", first, last, wide=True).stdout
    diff = json.loads(run("diff", first, last, "--view", "heap", "--json", wide=True).stdout)
    assert "types" in diff
    assert "Objects" in run("heap", last, wide=True).stdout
    assert json.loads(run("gc", last, "--json", wide=True).stdout)["view"] == "gc"
    run("export", first, last, "--output", "ticket.json")
    assert json.loads((tmp_path / "ticket.json").read_text())["target"]["id"] == last
    run("export", "--snapshot", last, "--output", "one.snapshot")
    kept = server.home / "heapview" / f"{last}.snapshot"
    assert (tmp_path / "one.snapshot").read_bytes() == kept.read_bytes()
    assert stat.S_IMODE((tmp_path / "one.snapshot").stat().st_mode) == 0o600
    assert run("export", "--snapshot", last, "--output", "-", wide=True).stdout == kept.read_text()
    run("export", code=2)
    assert "is pinned" in run("pin", last).stdout
    assert server.api("GET", f"/snapshots/{last}")[1]["pinned"] is True
    run("forget", first)
    assert server.api("GET", f"/snapshots/{first}")[0] == 404
    assert "no snapshot with that id" in run("forget", first, code=1).stderr
    assert f"no snapshot '{first}'" in run("heap", first, code=1).stderr


def test_all_at_once_and_without_waiting(run: Run, server: Server) -> None:
    done = run("capture", "--all").stdout
    assert "of worker 1 is done" in done
    assert "of worker 2 is done" in done
    made = run("capture", "--worker", "2", "--no-wait").stdout.strip()
    assert done_in_the_end(server, made)["state"] == "done"


def test_every_view_is_read_over_either_link(server: Server) -> None:
    base, target = (server.capture(worker="1")["id"] for _ in range(2))
    links = (
        SocketLink(server.home / "heapview"),
        HttpLink(f"http://127.0.0.1:{server.port}{PREFIX}", TOKEN),
    )
    for link in links:
        source = ServedSnapshots(ServiceApi(link))
        changes = source.differences(base, target).views
        for view in VIEWS:
            assert isinstance(source.view(view, target).data, view.section)
            assert isinstance(changes[view.name], view.difference)


def test_top_prints_one_frame(run: Run, server: Server) -> None:
    shown = run("top", "--interval", "0.2").stdout
    rows = [line.split() for line in shown.splitlines()]
    assert {row[0] for row in rows if row} >= {"1", "2", "all"}
    assert any(row[:1] == ["leak"] for row in rows) or "Endpoint" not in shown
    assert shown == shown.expandtabs()


def test_a_watch_says_its_verdict(run: Run, server: Server) -> None:
    words = ("watch", "--worker", "1", "--times", "2", "--every-seconds", "1")
    done = run(*words)
    assert "worker 1: " in done.stdout
    assert "The evidence: report " in done.stdout
    state = server.api("GET", "/watch?worker=1")[1]
    assert (state["state"], len(state["snapshots"])) == ("done", 2)
    assert state["summary"] in done.stdout.replace("\n", " ")
