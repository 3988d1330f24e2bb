"""Processes to attach to, and the command itself, as somebody would call it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..helpers import unmeasured, wait_until

NEEDS_314 = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="sys.remote_exec is there from Python 3.14 on"
)
NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root starts processes of other users, and elsewhere"
)
BUSY = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.05)"
# its main thread sleeps in C until a signal comes, and says so
IDLE = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: print("woken", flush=True))
print("up", flush=True)
while True:
    signal.pause()
"""


class Running:
    """A process that has said it is up, and what it says after that."""

    def __init__(self, home: Path, *words: str, **more: Any) -> None:
        self.log = home / "target.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                words, cwd=home, stdout=out, stderr=subprocess.STDOUT, **more
            )
        wait_until(lambda: "up" in self.said(), 30, "the target")

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text()


@contextlib.contextmanager
def running(home: Path, code: str, *options: str, **more: Any) -> Iterator[Running]:
    """Python with that code."""
    env = {**unmeasured(), **more.pop("env", {})}
    target = Running(home, sys.executable, *options, "-c", code, env=env, **more)
    try:
        yield target
    finally:
        target.process.kill()
        target.process.wait()


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "flask", "heapview", *map(str, words)]


def call(*words: object, cwd: Path, code: int = 0, **more: Any) -> str:
    """What the command prints; it ends with that code."""
    env = {**unmeasured(), **more.pop("env", {})}
    done = subprocess.run(
        command(*words), cwd=cwd, env=env, capture_output=True, text=True, timeout=120, **more
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def attach(pid: int, home: Path, *options: object, **more: Any) -> str:
    return call("--dir", home / "store", "attach", pid, *options, cwd=home, **more)
