"""Two workers in a real container of 256 MB: a read-only root, a user that is not root.

At 50, 70 and 90 % of its limit captures succeed or are refused with the figures, and the kernel
kills no worker.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..helpers import TOKEN
from ..live_server import Server, serving
from ..workers.listing import done, listed
from . import box
from .apps import LEAKY

LIMIT = 256 << 20
USER = 4711
CAPTURES = int(os.environ.get("HEAPVIEW_CAPTURES", 2))  # of all workers, at each level
FILLING = (
    LEAKY
    + """
ballast = []

@app.get("/fill/<int:count>")
def fill(count):
    ballast.extend([n] for n in range(count))
    return "filled"
"""
)


class Boxed(Server):
    """The server, in a container whose processes are named from outside by their own ids."""

    name = ""

    def command(self, worker_class: str, *options: str) -> list[str]:
        self.name = box.new_name()
        volume = self.home / "volume"  # as Kubernetes makes an emptyDir
        volume.mkdir()
        volume.chmod(0o777)
        place = self.home / "bundle"
        place.mkdir()
        box.bundle(
            place,
            super().command(worker_class, *options),
            LIMIT,
            files={"app.py": (self.home / "app.py").read_text()},
            user=USER,
            network=True,
            writable={"/data": volume},
            env=[f"HEAPVIEW_TOKEN={TOKEN}", "HEAPVIEW_DIR=/data/heapview"],
        )
        return ["runc", "run", "--bundle", str(place), self.name]

    def stop(self) -> None:
        with contextlib.suppress(psutil.Error):
            subprocess.run(["runc", "kill", self.name, "TERM"], capture_output=True, check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        box.remove(self.name)
        super().stop()


@pytest.fixture
def boxed(tmp_path: Path) -> Iterator[Boxed]:
    box.require()
    with serving(tmp_path, FILLING, "sync", "--workers", "2", kind=Boxed) as server:
        assert isinstance(server, Boxed)
        yield server


def container(server: Server) -> dict[str, Any]:
    status, told = server.api("GET", "/status")
    assert status == 200, told
    found: dict[str, Any] = told["container"]
    return found


def fill(server: Server, share: float) -> None:
    """Brings the service to that share of its limit, with objects."""
    while (found := container(server))["usage"] < share * LIMIT:
        missing = share * LIMIT - found["usage"]
        server.get(f"/fill/{max(int(missing / 2 / 96), 1000)}")


def try_captures(server: Server) -> list[str]:
    """How each capture of all workers ended: done, refused, or failed."""
    ends = []
    for _ in range(CAPTURES):
        status, made = server.api("POST", "/snapshots", {"worker": "all"})
        if status == 202:
            for one in made["snapshots"]:
                state = done(server, one["id"])
                ends.append(state["state"] if state["state"] == "done" else state["error"])
        else:
            assert status == 409, made
            ends.append("refused")
            assert "headroom_bytes" in str(made), made
    return ends


def require_no_root(boxed: Boxed) -> None:
    """All processes and files are that user's."""
    assert sum(_uid(process) == USER for process in psutil.process_iter()) >= 3
    for path in (boxed.home / "volume").rglob("*"):
        assert path.stat().st_uid == USER


def test_it_is_never_killed(boxed: Boxed) -> None:
    workers = {w["id"] for w in listed(boxed, 2)}
    require_no_root(boxed)
    assert container(boxed)["limit"] == LIMIT
    told = {}
    for share in (0.5, 0.7, 0.9):
        fill(boxed, share)
        told[share] = try_captures(boxed)
    assert {w["id"] for w in listed(boxed, 2)} == workers, told
    assert told[0.5].count("done") == 2 * CAPTURES, told
    for ends in told.values():
        for end in ends:
            assert end in ("done", "refused") or "memory" in end.lower(), told
    log = boxed.log.read_text()
    assert "SIGKILL" not in log
    assert "Traceback" not in log


def _uid(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.uids().real)
    return -1
