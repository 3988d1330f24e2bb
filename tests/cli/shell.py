"""The commands as a shell runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ..helpers import ROOT, unmeasured

SETTINGS = ("HEAPVIEW_", "FLASK_", "NO_COLOR", "COLUMNS")


def environment(**env: str) -> dict[str, str]:
    """That of this process, without settings that would change what the commands do."""
    own = {k: v for k, v in unmeasured().items() if not k.startswith(SETTINGS)}
    return {**own, "PYTHONPATH": str(ROOT), **env}


def shell(*words: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """What `flask-heapview WORDS` prints, and how it ends."""
    return subprocess.run(
        [sys.executable, "-m", "flask_heapview.cli", *map(str, words)],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def begun(*words: object, cwd: Path, **env: str) -> subprocess.Popen[str]:
    """The same, while it runs."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask_heapview.cli", *map(str, words)],
        cwd=cwd,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_root() -> bool:
    return os.geteuid() == 0
