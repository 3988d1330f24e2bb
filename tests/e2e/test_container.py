"""A real container with a memory limit: the figures it sees, the refusal, and who is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from ..helpers import ROOT
from . import box

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


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the process in the container said, by step."""
    box.require()
    place = tmp_path_factory.mktemp("box")
    inside = {"inside.py": INSIDE.format(root=str(ROOT))}
    box.bundle(place, [sys.executable, "/inside/inside.py"], LIMIT, files=inside)
    name = box.new_name()
    process = box.run(place, name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, words = process.communicate(timeout=300)
    finally:
        box.remove(name)
    steps = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert steps, words
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
