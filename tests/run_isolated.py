"""Code that needs a process of its own: its heap, its threads, its hooks."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

from .helpers import ROOT, unmeasured

HELP = """
import gc, json, os, sys, tempfile, threading, time
from pathlib import Path
from flask_heapview.capture.native import walk_file
from flask_heapview.capture.select import select_engine
from flask_heapview.capture.base import CaptureRequest
from flask_heapview.capture.runner import Runner
from flask_heapview.store.snapshots import Store

store = Store(Path(tempfile.mkdtemp()) / "heapview")
engine = select_engine("native")
runner = Runner(engine, 120)

def take(**wanted):
    info = runner.start(CaptureRequest(worker="w", **wanted), store)
    while store.info(info.id).state == "running":
        time.sleep(0.002)
    while any(t.name == "heapview-capture" for t in threading.enumerate()):
        time.sleep(0.002)
    return store.info(info.id)

def taken(**wanted):
    info = take(**wanted)
    assert info.state == "done", info.error
    snapshot = store.load(info.id)
    store.delete(info.id)
    return snapshot

def say(**facts):
    print(json.dumps(facts))
"""


def alone(code: str, *arguments: str, patience: float = 300, measured: bool = True) -> Any:
    """Runs code in a process of its own; what it prints last is JSON."""
    done = subprocess.run(
        [sys.executable, "-c", HELP + textwrap.dedent(code), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patience,
        env=None if measured else unmeasured(),
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
