"""`make bench`: what a capture costs the service, beside guppy3, Pympler and objgraph.

Each contender runs in a fresh process that holds the same heap. A thread of that process notes the
longest time that it could not run: the stall. Figures are of one run on one machine; compare the
rows, not the absolute numbers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

CONTENDERS = ("nothing", "heapview", "guppy3", "pympler", "objgraph")


class Row:
    """An instance with a dictionary, as services have them by the million."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.text = f"row {number}"


def heap(objects: int) -> list[Row]:
    """About so many objects, tracked and atomic ones mixed."""
    return [Row(n) for n in range(objects // 3)]


def look(contender: str, home: Path) -> None:
    """Lets the contender look at the heap once."""
    if contender == "heapview":
        from flask_heapview.capture.engine import Wanted
        from flask_heapview.capture.portable import PortableEngine
        from flask_heapview.capture.runner import Runner
        from flask_heapview.store import Store

        store = Store(home / "heapview")
        info = Runner(PortableEngine(), 600).start(Wanted(worker="w"), store)
        while store.info(info.id).state == "running":
            time.sleep(0.01)
        assert store.info(info.id).state == "done", store.info(info.id).error
    elif contender == "guppy3":
        from guppy import hpy

        str(hpy().heap())
    elif contender == "pympler":
        from pympler import muppy, summary

        summary.summarize(muppy.get_objects())
    elif contender == "objgraph":
        import objgraph

        objgraph.most_common_types(limit=20)


def contend(contender: str, objects: int) -> dict[str, float]:
    """Runs one contender in this process; returns what it cost."""
    kept = heap(objects)
    process, stalls, stop = psutil.Process(), [0.0], threading.Event()

    def watch() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            stalls[0] = max(stalls[0], now - last - 0.001)
            last = now

    with tempfile.TemporaryDirectory() as home:
        before = process.memory_info().rss
        threading.Thread(target=watch, daemon=True).start()
        begin = time.perf_counter()
        look(contender, Path(home))
        seconds = time.perf_counter() - begin
        stop.set()
        after = process.memory_info().rss
    assert kept
    return {
        "stall_ms": stalls[0] * 1000,
        "seconds": seconds,
        "left_mb": (after - before) / 1e6,
        "heap_mb": before / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What a look at the heap costs.")
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(contend(options.contender, options.objects)))
        return
    print(f"Python {sys.version.split()[0]}, {options.objects:,} objects\n")
    print(f"{'contender':10} {'stall':>10} {'until result':>13} {'left behind':>12} {'heap':>9}")
    for name in CONTENDERS:
        command = [sys.executable, "-m", "benchmarks", "--contender", name]
        done = subprocess.run(
            [*command, "--objects", str(options.objects)],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode:
            print(f"{name:10} failed: {done.stderr.strip().splitlines()[-1:]}")
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{name:10} {row['stall_ms']:7.0f} ms {row['seconds']:11.2f} s "
            f"{row['left_mb']:+9.1f} MB {row['heap_mb']:6.0f} MB"
        )


if __name__ == "__main__":
    main()
