"""What an ordinary request pays, in instructions: the same on every machine, whatever else it does.

`valgrind --tool=callgrind` counts those of a process that serves some requests, and of one that
serves more. The difference is that of the requests alone. The readings of the process's levels are
left out: they take a share of the time, 1 / 250 of it, and not a price a request.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from flask_heapview.allocations import tracing
from flask_heapview.service.service import EXTENSION

from .allocations import shop

STATES = ("without", "mounted", "sampled")  # flask-heapview, and allocations sampled
ROUTES = ("/constant", "/page/7", "/json/7", "/heavy/7")
WARM_UP = 50  # requests that are not counted
FEW, MORE = 100, 300  # requests of the two processes
NEVER = 1 << 62  # nanoseconds
COUNTED = re.compile(r"Collected : (\d+)")


def serve(state: str, route: str, requests: int) -> None:
    """So many requests of a route, without a server."""
    app = shop(mounted=state != "without")
    app.add_url_rule("/constant", "constant", lambda: "ok")
    if state == "sampled":
        tracing.switch("sampled")
    environ = EnvironBuilder(path=route).get_environ()

    def ask() -> None:
        answer: Any = app.wsgi_app(dict(environ), lambda *_: bytes)
        for _ in answer:
            pass
        answer.close()

    for _ in range(WARM_UP):
        ask()
    if state != "without":
        history = app.extensions[EXTENSION].level_history
        history._left, history._due = 0, NEVER
    gc.disable()  # a collection comes where it comes
    for _ in range(requests):
        ask()
    os._exit(0)  # what an end costs is no request's


def count(state: str, route: str, requests: int) -> int:
    """Instructions of a process that serves them."""
    with tempfile.TemporaryDirectory() as home:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={Path(home) / 'out'}",
            sys.executable,
            "-m",
            "benchmarks.instructions",
            "--serve",
            state,
            route,
            str(requests),
        ]
        env = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    found = COUNTED.search(done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def price(state: str, route: str) -> float:
    """Instructions of one request."""
    return (count(state, route, MORE) - count(state, route, FEW)) / (MORE - FEW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=3, metavar=("STATE", "ROUTE", "REQUESTS"))
    parser.add_argument("--routes", nargs="*", default=ROUTES, help="of the benchmark's shop")
    options = parser.parse_args()
    if options.serve:
        state, route, requests = options.serve
        serve(state, route, int(requests))  # which ends the process
    if shutil.which("valgrind") is None:
        sys.exit("This counts with valgrind: install it (apt-get install valgrind).")
    print(f"Python {sys.version.split()[0]}, instructions of a request\n")
    print(f"{'':12} {'without':>12} {'mounted':>20} {'sampled':>20}")
    for route in options.routes:
        without, mounted, sampled = (price(state, route) for state in STATES)
        shown = f"{route:12} {without:12,.0f}"
        for one in (mounted, sampled):
            shown += f" {one:12,.0f} {one / without:6.3f}"
        print(shown, flush=True)


if __name__ == "__main__":
    main()
