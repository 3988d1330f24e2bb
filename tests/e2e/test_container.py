"""A real container with a memory limit: the figures it sees, the refusal, and who is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ..helpers import ROOT, needs

LIMIT = 220_000_000
INSIDE = """
import json, os, sys, threading, time
from pathlib import Path
sys.path.insert(0, {root!r})
from flask_heapview.process import headroom
from flask_heapview.process.cgroup import read_container
from flask_heapview.capture.select import select_engine
from flask_heapview.capture.base import CaptureRequest
from flask_heapview.capture.runner import Runner
from flask_heapview.errors import NotEnoughMemory
from flask_heapview.store.snapshots import Store

def say(**facts):
    print(json.dumps(facts), flush=True)

box = read_container()
say(step="figures", version=box.version, limit=box.limit, usage=box.usage,
    available=headroom.read_headroom().available)
store = Store(Path("/tmp/heapview"))

def take(check=True, engine="portable"):
    if not check:
        headroom.require = lambda needed, room: None
    info = Runner(select_engine(engine), 120).start(CaptureRequest(worker="w"), store)
    while store.info(info.id).state == "running":
        time.sleep(0.05)
    return store.info(info.id)

done = take()
say(step="capture", state=done.state, error=done.error)
ballast = [[n] for n in range(1_200_000)]
try:
    take()
    say(step="refusal", refused=False)
except NotEnoughMemory as error:
    say(step="refusal", refused=True, **error.figures)
native = take(engine="native")
say(step="native", state=native.state, error=native.error, extra=native.extra_bytes)
forced = take(check=False)
say(step="forced", state=forced.state, error=forced.error, pid=os.getpid(), objects=len(ballast),
    events=read_container().events)
"""


def bundle(place: Path) -> Path:
    """An OCI bundle: the system bind-mounted read-only, a memory limit, nothing else."""
    rootfs = place / "rootfs"
    mounts: list[dict[str, Any]] = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
        {
            "destination": "/sys/fs/cgroup",
            "type": "cgroup",
            "source": "cgroup",
            "options": ["ro"],
        },
    ]
    seen = {"/usr", "/bin", "/lib", "/lib64", "/etc", str(ROOT), sys.prefix, sys.base_prefix}
    for path in sorted(seen):
        (rootfs / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
        bind = {"destination": path, "type": "bind", "source": path, "options": ["rbind", "ro"]}
        mounts.append(bind)
    for name in ("proc", "dev", "tmp", "sys/fs/cgroup"):
        (rootfs / name).mkdir(parents=True, exist_ok=True)
    (place / "inside.py").write_text(INSIDE.format(root=str(ROOT)))
    (rootfs / "inside").mkdir()
    shutil.copy(place / "inside.py", rootfs / "inside" / "inside.py")
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": [sys.executable, "/inside/inside.py"],
            "env": ["PATH=/usr/bin:/bin", "HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1"],
            "cwd": "/tmp",
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs"},
        "hostname": "box",
        "mounts": mounts,
        "linux": {
            "namespaces": [{"type": t} for t in ("pid", "mount", "ipc", "uts", "network")],
            "resources": {"memory": {"limit": LIMIT, "swap": LIMIT}},
        },
    }
    (place / "config.json").write_text(json.dumps(config))
    return place


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the process in the container said, by step."""
    needs(os.geteuid() == 0, "a container needs root")
    needs(shutil.which("runc"), "the container tests need Debian's package runc")
    place = bundle(tmp_path_factory.mktemp("box"))
    name = f"heapview-{os.getpid()}-{int(time.time())}"
    done = subprocess.run(
        ["runc", "run", "--bundle", str(place), name],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False)
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert steps, done.stderr
    return {step.pop("step"): step for step in steps}


def test_the_container_s_own_limit_is_seen(told: dict[str, dict[str, Any]]) -> None:
    figures = told["figures"]
    assert figures["version"] in (1, 2)
    assert abs(figures["limit"] - LIMIT) < 65536
    assert 0 < figures["usage"] < LIMIT
    assert figures["available"] <= LIMIT


def test_a_capture_fits_while_there_is_room(told: dict[str, dict[str, Any]]) -> None:
    assert told["capture"] == {"state": "done", "error": None}


def test_it_is_refused_when_it_would_not_fit(told: dict[str, dict[str, Any]]) -> None:
    refusal = told["refusal"]
    assert refusal["refused"]
    assert refusal["needed_bytes"] > refusal["headroom_bytes"]
    assert refusal["headroom_bytes"] == refusal["limits"]["container"]


def test_when_memory_runs_out_the_child_is_killed_and_not_the_service(
    told: dict[str, dict[str, Any]],
) -> None:
    forced = told["forced"]
    assert forced["state"] == "failed"
    assert "memory" in forced["error"]
    assert forced["objects"] == 1_200_000


def test_the_native_engine_fits_where_the_portable_one_does_not(
    told: dict[str, dict[str, Any]],
) -> None:
    native = told["native"]
    assert (native["state"], native["error"]) == ("done", None)
    assert 0 < native["extra"] < 30_000_000
