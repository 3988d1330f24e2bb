"""`make bench`: what a capture costs the service, beside guppy3, Pympler and objgraph.

Each contender runs in a fresh process that holds the same heap. A thread of that process notes the
longest time that it could not run: the stall. Another process watches how much memory is added.
Figures are of one run on one machine: compare the rows, not the absolute numbers.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from .contenders import CONTENDERS, LIGHT

ROUNDS = 5
POLL = 0.03  # seconds between two looks at a contender's memory


class Row:
    """An instance, as services have them by the million."""

    def __init__(self, number: int) -> None:
        self.weight = number * 1.5
        self.text = f"row {number}"
        self.parts = [number]


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, number: int) -> None:
        self.left, self.right = number * 2.5, (number, number + 0.5)


def heap(objects: int) -> list[object]:
    """About so many objects, tracked and atomic ones mixed."""
    kept: list[object] = []
    for n in range(objects // 16):
        kept += (Row(n), {"key": str(n), "value": n * 2.5}, Slotted(n), (str(n), [float(n)]))
    return kept


def contend(contender: str, objects: int) -> dict[str, float]:
    """Runs one contender in this process; returns what it cost the thread beside it."""
    kept = heap(objects)
    gc.collect()
    process, stall, stop = psutil.Process(), [0.0], threading.Event()

    def watch() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            stall[0] = max(stall[0], now - last - 0.001)
            last = now

    stalls, seconds = [], []
    with tempfile.TemporaryDirectory() as home:
        look = CONTENDERS[contender](Path(home))
        before = process.memory_info().rss
        print("ready", flush=True)
        threading.Thread(target=watch, daemon=True).start()
        for _ in range(ROUNDS if contender in LIGHT else 1):
            time.sleep(0.05)
            stall[0] = 0.0
            begin = time.perf_counter()
            look()
            seconds.append(time.perf_counter() - begin)
            time.sleep(0.02)
            stalls.append(stall[0])
        stop.set()
        after = process.memory_info().rss
    assert kept
    return {
        "stall": statistics.median(stalls),
        "seconds": statistics.median(seconds),
        "left": after - before,
        "heap": before,
        "blocks": sys.getallocatedblocks(),
    }


def _kilobytes(path: str, field: str) -> int:
    try:
        text = Path(path).read_text()
    except OSError:
        return 0
    found = [line for line in text.splitlines() if line.startswith(field)]
    return int(found[0].split()[1]) if found else 0


def _added(process: psutil.Process, before: int) -> int:
    """Bytes that the contender and its children have more than before."""
    total = 0
    try:
        total += max(0, process.memory_info().rss - before)
        for child in process.children():
            # of a forked copy, what is its own; of a fresh process, what is not a mapped file
            own = _kilobytes(f"/proc/{child.pid}/smaps_rollup", "Private_Dirty")
            total += min(own, _kilobytes(f"/proc/{child.pid}/status", "RssAnon")) * 1024
    except psutil.Error:
        pass
    return total


def run(contender: str, objects: int) -> dict[str, float] | str:
    """One contender in a process of its own: its figures, or why there are none."""
    command = [sys.executable, "-m", "benchmarks", "--contender", contender]
    with subprocess.Popen(
        [*command, "--objects", str(objects)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        if started.stdout.readline().strip() != "ready":
            return started.stderr.read().strip().splitlines()[-1]
        process = psutil.Process(started.pid)
        before, peak = process.memory_info().rss, 0
        while started.poll() is None:
            peak = max(peak, _added(process, before))
            time.sleep(POLL)
        if started.returncode:
            return started.stderr.read().strip().splitlines()[-1]
        return {**json.loads(started.stdout.read().splitlines()[-1]), "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a look at the heap costs.")
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--contender", choices=CONTENDERS, help="only this one, as JSON")
    parser.add_argument("--leave-out", nargs="*", default=[], choices=CONTENDERS)
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(contend(options.contender, options.objects)))
        return
    print(f"Python {sys.version.split()[0]}, {options.objects:,} objects", end=", ")
    first = True
    for name in CONTENDERS:
        if name in options.leave_out:
            continue
        found = run(name, options.objects)
        if isinstance(found, str):
            print(f"{name:19} failed: {found}")
            continue
        if first:
            print(f"{found['heap'] / 1e6:.0f} MB resident\n")
            print(f"{'':19} {'stall':>11} {'until result':>13} {'per object':>11}", end=" ")
            print(f"{'memory added':>14} {'left behind':>12}")
            first = False
        share = found["peak"] / found["heap"]
        print(
            f"{name:19} {found['stall'] * 1000:8.1f} ms {found['seconds']:11.2f} s "
            f"{found['seconds'] / options.objects * 1e9:8.0f} ns {found['peak'] / 1e6:8.1f} MB "
            f"{share:4.0%} {found['left'] / 1e6:+9.1f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
