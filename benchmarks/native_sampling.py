"""What sampling malloc costs: a malloc and its free, an ordinary request, one that is heavy on C.

Off and on take turns in one process. The figures are of processor time: the lower quartile, since
whatever else the machine does only adds to it. The pair is of a library that is compiled here.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import sqlite3
import statistics
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from flask_heapview.allocations import native_sampler

from .allocations import serve, shop

PAIRS = r"""
#include <stdlib.h>
void pairs(int count)
{
    while (count-- > 0) {
        void *volatile block = malloc(64);
        free(block);
    }
}
"""
PAIRS_A_ROUND = 100_000
SETTLING = 1.2  # seconds


def pair_of_calls(folder: Path) -> Callable[[], None]:
    source, library = folder / "pairs.c", folder / "pairs.so"
    source.write_text(PAIRS)
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    call = ctypes.CDLL(str(library)).pairs
    return lambda: call(PAIRS_A_ROUND)


def heavy_on_c() -> None:
    """Tables in memory, compression, JSON: most of what it allocates is malloc's."""
    base = sqlite3.connect(":memory:")
    base.execute("create table thing (number, name)")
    base.executemany("insert into thing values (?, ?)", [(n, str(n)) for n in range(2000)])
    rows = base.execute("select name, sum(number) from thing group by name").fetchall()
    base.close()
    zlib.compress(json.dumps(rows).encode())


def turns(work: Callable[[], None], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round, off and on."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for on in (False, True) if number % 2 else (True, False):
            native_sampler.switch(on)
            until = time.monotonic() + SETTLING
            while time.monotonic() < until:  # the caches see the tables, and the rate is found
                work()
            began = time.thread_time()
            work()
            taken[on].append(time.thread_time() - began)
    native_sampler.switch(False)
    return taken


def row(name: str, work: Callable[[], None], rounds: int, each: float = 1) -> None:
    off, on = (statistics.quantiles(taken, n=4)[0] / each for taken in turns(work, rounds))
    print(f"{name:<22}{off * 1e6:>12.4f} µs{on * 1e6:>12.4f} µs{on / off:>9.3f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    app, paths = shop(), ["/page/{}", "/json/{}"]
    print(f"{'':<22}{'off':>15}{'on':>15}{'':>10}")
    with tempfile.TemporaryDirectory() as folder:
        row("malloc and free", pair_of_calls(Path(folder)), rounds, PAIRS_A_ROUND)
    row("an ordinary request", lambda: serve_some(app, paths), rounds, 40)
    row("one heavy on C", heavy_on_c, rounds)


def serve_some(app: Flask, paths: list[str]) -> None:
    serve(app, paths, 0, 40)


if __name__ == "__main__":
    main()
