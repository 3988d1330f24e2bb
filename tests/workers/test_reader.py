"""One reader for all workers of a real server, which goes with them."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil

from ..e2e.apps import LEAKY
from ..helpers import wait_until
from ..live_server import Server, serving
from .listing import done, listed
from .servers import on

each_server = on("gthread, preloaded", "uWSGI", slow=("sync", "gevent"))


def readers(server: Server) -> list[psutil.Process]:
    """Those of the server's directory."""
    place = str(server.home / "heapview")
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if place in words and "flask_heapview.isolation.resident_server" in words:
            found.append(process)
    return found


def left_dead(server: Server) -> list[psutil.Process]:
    """Children that nobody has waited for."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [one for one in children if one.status() == psutil.STATUS_ZOMBIE]


def ask(server: Server, snapshot: dict[str, Any]) -> None:
    """One that is refused since another is being answered is asked again."""

    def look() -> bool:
        status, answer = server.api("GET", f"/snapshots/{snapshot['id']}/heap")
        assert status in (200, 503), answer
        return bool(status == 200)

    wait_until(look, 60, "an answer")


@each_server
def test_all_workers_share_one_that_ends_with_them(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", kind=kind) as server:
        listed(server, 2)
        made = server.api("POST", "/snapshots", {"worker": "all"})[1]["snapshots"]
        taken = [done(server, one["id"]) for one in made]
        assert [one["state"] for one in taken] == ["done", "done"]
        for _ in range(4):  # whichever worker is asked
            ask(server, taken[0])
        (reader,) = readers(server)
        os.kill(reader.pid, signal.SIGKILL)
        ask(server, taken[1])
        wait_until(lambda: not left_dead(server), 20, "nobody left unwaited for")
        ask(server, taken[1])
        (reader,) = readers(server)
    wait_until(lambda: not reader.is_running(), 20, "the end of the reader")
