"""`python -m benchmarks.captures_under_load`: what constant captures cost four workers.

One route is asked at a fixed rate (an open loop; see reports_under_load). In every other half
round all workers are captured, and again as soon as a second has passed. At the end, what the
workers and their store hold is compared with what they held after the first round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from .reports_under_load import API, call, latencies, percentiles, served, table

EVERY_SECONDS = 1.0  # from one capture to the next


@contextmanager
def capturing(port: int, answers: Counter[str]) -> Iterator[None]:
    """Meanwhile all workers are captured; counts how each capture ended."""
    stop = threading.Event()
    thread = threading.Thread(target=_capture, args=(port, stop, answers))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _capture(port: int, stop: threading.Event, answers: Counter[str]) -> None:
    while not stop.is_set():
        due = time.monotonic() + EVERY_SECONDS
        status, body, _ = call(port, f"{API}/snapshots?worker=all", "POST")
        if status == 202:
            for made in json.loads(body)["snapshots"]:
                answers[_end(port, made["id"]) if "id" in made else made["error"]] += 1
        else:
            answers[str(status)] += 1
        stop.wait(max(0.0, due - time.monotonic()))


def _end(port: int, snapshot: str) -> str:
    while True:
        state = json.loads(call(port, f"{API}/snapshots/{snapshot}")[1])
        if state["state"] != "running":
            return str(state["error"] or "done")
        time.sleep(0.1)


def held(pid: int, home: str) -> dict[str, int]:
    """What the workers and their store hold at this moment."""
    workers = psutil.Process(pid).children()
    return {
        "descriptors": sum(worker.num_fds() for worker in workers),
        "threads": sum(worker.num_threads() for worker in workers),
        "unique memory, kB": sum(worker.memory_full_info().uss for worker in workers) // 1000,
        "child processes": sum(len(worker.children()) for worker in workers),
        "files besides snapshots": sum(
            1 for path in Path(home).iterdir() if path.suffix != ".snapshot"
        ),
    }


def quiet(pid: int, home: str) -> dict[str, int]:
    """The same, once the last capture has cleaned up."""
    while held(pid, home)["child processes"]:
        time.sleep(0.1)
    time.sleep(2.0)
    return held(pid, home)


def measure(options: argparse.Namespace) -> None:
    rows: list[tuple[float, ...]] = []
    ends = Counter[str]()
    with (
        tempfile.TemporaryDirectory() as home,
        served(options.workers, options.threads, options.objects, home) as (port, pid),
    ):
        begun: dict[str, int] = {}
        latencies(port, options.rate, 3.0)  # warms it up
        for number in range(options.rounds):
            alone: list[float] = []
            if number % 2 == 0:
                alone = latencies(port, options.rate, options.seconds)
            with capturing(port, ends):
                busy = latencies(port, options.rate, options.seconds)
            begun = begun or quiet(pid, home)
            alone = alone or latencies(port, options.rate, options.seconds)
            rows.append((*percentiles(alone), *percentiles(busy)))
        ended = quiet(pid, home)
    table(f"{options.workers} workers x {options.threads} threads", rows)
    print("captures:", ", ".join(f"{n} x {end}" for end, n in sorted(ends.items())))
    for name, value in begun.items():
        print(f"{name}: {value:,} after the first round, {ended[name]:,} at the end")
    ratio = statistics.median(row[3] / row[1] for row in rows)
    print(f"failed requests: 0; p99 with captures, of that without: {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="What constant captures cost the service.")
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each half of a round")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    python = sys.version.split()[0]
    print(f"Python {python}, {options.objects:,} objects, {options.workers} workers", end=", ")
    print(f"{options.rate:g} requests a second, {os.cpu_count()} cores")
    measure(options)


if __name__ == "__main__":
    main()
