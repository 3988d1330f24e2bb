"""Asks the oracle in a process of its own, and holds the walk against its answer."""

from __future__ import annotations

import json
import subprocess
import sys

from ..helpers import ROOT

MIN_OBJECTS = 50_000  # fewer, and the process had not loaded what it was told to


def assert_agreement(*arguments: str) -> None:
    """Runs Python with these arguments; what it prints is `oracle.compare`'s answer."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["missing"] == {}
    assert result["sizes"] == []
    assert result["found"] >= result["expected"] > MIN_OBJECTS
