"""`python -m benchmarks.large_reports`: how long a report on snapshots of a large heap takes.

A real gunicorn holds the heap, and its requests add to it between the snapshots. The time is that
of the whole answer: a fresh interpreter starts, reads the snapshots, and judges.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from .reports_under_load import API, call, captured, served

GROWING_REQUESTS = 200  # before each snapshot


def measure(objects: int, snapshots: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as home, served(1, 2, objects, home) as (port, _):
        taken = []
        for _ in range(snapshots):
            for _ in range(GROWING_REQUESTS):
                call(port, "/grow")
            taken.append(captured(port)["id"])
        size = max(file.stat().st_size for file in Path(home).rglob("*.snapshot"))
        path = f"{API}/report?base={taken[0]}&target={taken[-1]}"
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            report = json.loads(call(port, path)[1])
            seconds.append(time.perf_counter() - began)
    print(f"{snapshots} snapshots of {objects:,} objects, {size / 1e6:.1f} MB the largest")
    print(
        f"report: {statistics.median(seconds):.2f} s, from {min(seconds):.2f} to {max(seconds):.2f}"
    )
    print(f"it says: {report['verdict']}, {report['summary']}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a report on a large heap takes.")
    parser.add_argument("--objects", type=int, default=8_000_000)
    parser.add_argument("--snapshots", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    measure(options.objects, options.snapshots, options.rounds)


if __name__ == "__main__":
    main()
