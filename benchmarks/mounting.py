"""What being mounted costs a service before its first request, beside what peers cost to import.

Each is measured in fresh processes that have Flask already, with compiled modules: processor time,
resident memory, and modules. The figures are medians.
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import flask_heapview

WORK = {
    "flask-heapview, mounted": "import flask_heapview; flask_heapview.HeapView(app, **settings)",
    "guppy3": "from guppy import hpy; hpy()",
    "Pympler": "from pympler import muppy, summary, tracker",
    "objgraph": "import objgraph",
    "prometheus_client": "import prometheus_client",
}
MEASURED = """
import json, sys, time
import psutil
from flask import Flask
app, settings = Flask("shop"), dict(token="t" * 40, dir=sys.argv[1])
me = psutil.Process()
modules, memory, begin = len(sys.modules), me.memory_info().rss, time.process_time()
{work}
seconds = time.process_time() - begin
print(json.dumps([seconds, me.memory_info().rss - memory, len(sys.modules) - modules]))
"""


def measured(work: str, rounds: int) -> list[float] | None:
    """Seconds, bytes and modules; None where it is not installed."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            command = [sys.executable, "-c", MEASURED.format(work=work), place]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        found.append(json.loads(done.stdout))
    return [statistics.median(column) for column in zip(*found, strict=True)]


def main() -> None:
    """Prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    place = Path(flask_heapview.__file__).parent
    compileall.compile_dir(place, quiet=1)
    compileall.compile_dir(place.parent / "templates", quiet=1)
    print(f"{'before the first request':28}{'time':>10}{'memory':>10}{'modules':>10}")
    for name, work in WORK.items():
        figures = measured(work, options.rounds)
        if figures is None:
            print(f"{name:28}{'not installed':>30}")
            continue
        seconds, size, modules = figures
        print(f"{name:28}{seconds * 1000:7.0f} ms{size / 1e6:7.1f} MB{modules:10.0f}")


if __name__ == "__main__":
    main()
