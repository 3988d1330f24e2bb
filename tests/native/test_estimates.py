"""Estimates of native memory are within their error bars, by a malloc that counts each byte."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.analysis.confidence_interval import sum_interval

from ..allocations.native_library import compiled
from ..helpers import unmeasured
from .counted import COUNTING, MEASURED, WORK

pytestmark = pytest.mark.skipif(
    "glibc" not in os.confstr("CS_GNU_LIBC_VERSION")
    if "CS_GNU_LIBC_VERSION" in os.confstr_names
    else True,
    reason="the malloc that counts calls glibc's own",
)
RUNS = 200


def test_the_truth_is_within_the_interval_in_95_of_100_runs(tmp_path: Path) -> None:
    counting = compiled(tmp_path, "counting", COUNTING, "-pthread")
    work = compiled(tmp_path, "work", WORK, f"-L{tmp_path}", "-lcounting")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(work), str(RUNS)],
        env={**unmeasured(), "LD_PRELOAD": str(counting), "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "refused: " in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == RUNS
    inside = 0
    for true, size, variance, largest in rows:
        interval = sum_interval(size, variance, largest)
        inside += interval.low <= true <= interval.high
    assert min(true for true, *_ in rows) > 1_000_000
    assert inside >= 0.95 * RUNS, inside
    # and they do not lean to one side: the mean of the errors is nothing, within its own error
    errors = [size / true - 1 for true, size, *_ in rows]
    assert abs(statistics.mean(errors)) < 3 * statistics.stdev(errors) / RUNS**0.5
