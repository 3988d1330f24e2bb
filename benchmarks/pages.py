"""`python -m benchmarks.pages`: server time and size of each page, and the JavaScript in all.

The leaky shop and a service with many objects are served by a real gunicorn. The time is that of
the whole answer: a fresh interpreter starts, reads the snapshots, and the worker makes the page.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.leaky_shop.traffic import PAGES, send
from flask_heapview.views import VIEWS

from .large_reports import GROWING_REQUESTS
from .reports_under_load import call, captured, served
from .served import PREFIX

STATIC = Path(__file__).parents[1] / "flask_heapview" / "static"
SHOP = "examples.leaky_shop.wsgi:application"
SHOP_REQUESTS = 300  # before each snapshot


@contextmanager
def shop(home: str) -> Iterator[tuple[int, list[str]]]:
    """The port of the leaky shop, and two snapshots with traffic in between."""
    with served(1, 4, 0, home, app=SHOP, asks="/") as (port, _):
        taken = []
        for turn in range(2):
            url = f"http://127.0.0.1:{port}"
            send(url, list(PAGES), SHOP_REQUESTS, False, turn * SHOP_REQUESTS, 0.0)
            taken.append(captured(port)["id"])
        yield port, taken


@contextmanager
def large(home: str, objects: int) -> Iterator[tuple[int, list[str]]]:
    """The same of a service with so many objects."""
    with served(1, 4, objects, home) as (port, _):
        taken = []
        for _ in range(2):
            for _ in range(GROWING_REQUESTS):
                call(port, "/grow")
            taken.append(captured(port)["id"])
        yield port, taken


def places(taken: list[str]) -> dict[str, str]:
    """The address of each page below the prefix."""
    pair = f"base={taken[0]}&target={taken[-1]}"
    found = {"login": "/login", "overview": "/", "report": f"/report?{pair}"}
    found |= {"ticket": f"/report/ticket?{pair}", "over all workers": "/report/service"}
    for view in VIEWS:
        found[view.name] = f"/snapshots/{taken[-1]}/{view.name}"
        found[f"{view.name}, what changed"] = f"/compare/{view.name}?{pair}"
    return found


def measure(port: int, taken: list[str], rounds: int) -> None:
    """Prints a line for each page."""
    print(f"{'page':32} {'ms':>7} {'bytes':>9} {'gzip':>8}")
    for name, path in places(taken).items():
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            status, data, _ = call(port, PREFIX + path)
            seconds.append(time.perf_counter() - began)
            if status != 200:
                raise SystemExit(f"{path} answers {status}")
        middle = statistics.median(seconds) * 1000
        print(f"{name:32} {middle:7,.0f} {len(data):9,} {len(gzip.compress(data)):8,}")


def sizes(files: Iterable[Path]) -> str:
    """How many files, lines and bytes."""
    texts = [file.read_bytes() for file in files]
    lines = sum(text.count(b"\n") for text in texts)
    return f"{len(texts)} files, {lines:,} lines, {sum(map(len, texts)):,} bytes"


def main() -> None:
    parser = argparse.ArgumentParser(description="Server time and size of each page.")
    parser.add_argument("--objects", type=int, default=8_000_000, help="0: the shop alone")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(f"JavaScript: {sizes(STATIC.glob('*.js'))}")
    print(f"style sheet: {sizes(STATIC.glob('*.css'))}")
    with tempfile.TemporaryDirectory() as home, shop(home) as (port, taken):
        print("\nthe leaky shop")
        measure(port, taken, options.rounds)
    if options.objects:
        with tempfile.TemporaryDirectory() as home, large(home, options.objects) as (port, taken):
            print(f"\n{options.objects:,} objects")
            measure(port, taken, options.rounds)


if __name__ == "__main__":
    main()
