"""`python -m benchmarks.reports_under_load`: what 16 readers of reports cost the service.

A real gunicorn holds the heap. One route of it is asked at a fixed rate, whether earlier requests
have been answered or not (an open loop), and each latency counts from when the request was due.
Rounds without and with readers take turns. Compare each pair: absolute figures are the machine's.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from .served import PREFIX

TOKEN = "a-token-for-the-benchmark"
API = f"{PREFIX}/api/v1"
SETTINGS = ((4, 2), (1, 4))  # workers, and threads of each
POLL_SECONDS = 0.05  # between two looks at the helpers
MAX_SENDERS = 48  # requests of the open loop that may be unanswered at a time


def call(port: int, path: str, method: str = "GET") -> tuple[int, bytes, str]:
    """Status, body, and the seconds of Retry-After."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        link.request(method, path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = link.getresponse()
        return answer.status, answer.read(), answer.headers.get("Retry-After", "")
    finally:
        link.close()


@contextmanager
def served(
    workers: int,
    threads: int,
    objects: int,
    home: str,
    app: str = "benchmarks.served:make_app()",
    asks: str = "/work/1",
) -> Iterator[tuple[int, int]]:
    """The port of the service, and its process. It serves once `asks` is answered."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads))
    env = {
        **os.environ,
        "HEAPVIEW_TOKEN": TOKEN,
        "HEAPVIEW_DIR": home,
        "BENCH_OBJECTS": str(objects),
        "BENCH_THREADS": str(threads),
    }
    words = [sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket", "--bind"]
    words += [f"127.0.0.1:{port}", *options, "--log-level", "error", app]
    process = subprocess.Popen(words, cwd=Path(__file__).parents[1], env=env)
    try:
        _until_it_answers(port, process, asks)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(port: int, process: subprocess.Popen[bytes], asks: str) -> None:
    while process.poll() is None:
        try:
            if call(port, asks)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")


def captured(port: int) -> dict[str, Any]:
    """What is said of a snapshot, when it is done."""
    made = json.loads(call(port, f"{API}/snapshots", "POST")[1])
    while True:
        found: dict[str, Any] = json.loads(call(port, f"{API}/snapshots/{made['id']}")[1])
        if found["state"] == "failed":
            raise SystemExit(found["error"])
        if found["state"] == "done":
            return found
        time.sleep(0.05)


def snapshots(port: int) -> tuple[str, str]:
    """Two of the same worker, whichever that is, with requests in between."""
    first: dict[str, str] = {}
    while True:
        for _ in range(20):
            call(port, "/grow")
        found = captured(port)
        if found["worker"] in first:
            return first[found["worker"]], found["id"]
        first[found["worker"]] = found["id"]


def latencies(port: int, rate: float, seconds: float) -> list[float]:
    """Seconds from when each request was due until its answer."""
    begin = time.perf_counter() + 0.05

    def one(number: int) -> float:
        due = begin + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        if call(port, f"/work/{number}")[0] != 200:
            raise SystemExit("the service's own route failed")
        return time.perf_counter() - due

    with ThreadPoolExecutor(MAX_SENDERS) as pool:
        return list(pool.map(one, range(int(rate * seconds))))


# --- the readers, in a process of their own


def read(port: int, pid: int, base: str, target: str, clients: int) -> None:
    """Asks until standard input ends, and prints what the answers were."""
    os.nice(19)  # elsewhere they would have processors of their own
    stop, answers, most = threading.Event(), Counter[str](), [0]
    both = f"base={base}&target={target}"
    paths = [
        *(f"{API}/report?{both}", f"{API}/diff?{both}", f"{PREFIX}/report?{both}"),
        *(f"{API}/snapshots/{target}/ownership", f"{API}/snapshots/{target}/heap"),
        *(f"{PREFIX}/snapshots/{target}/ownership", f"{PREFIX}/compare/heap?{both}"),
    ]

    def ask(number: int) -> None:
        dice = random.Random(number)
        while not stop.is_set():
            status, _, wait = call(port, dice.choice(paths))
            answers[f"{status}{' with Retry-After' if wait else ''}"] += 1
            if wait:
                stop.wait(float(wait))  # as browsers do, and whoever keeps to HTTP

    def look() -> None:
        while not stop.wait(POLL_SECONDS):
            most.append(helpers(pid))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(clients)]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"answers": answers, "helpers": max(most)}))


def helpers(pid: int) -> int:
    """Helper interpreters of the service at this moment."""
    found = 0
    for process in psutil.Process(pid).children(recursive=True):
        try:
            found += any("query_job" in word for word in process.cmdline())
        except psutil.Error:
            continue
    return found


@contextmanager
def reading(port: int, pid: int, ids: tuple[str, str], clients: int) -> Iterator[Counter[str]]:
    """Meanwhile the readers ask; at the end their answers are counted."""
    found = Counter[str]()
    words = [sys.executable, "-m", "benchmarks.reports_under_load", "--read", str(port), str(pid)]
    with subprocess.Popen(
        [*words, *ids, str(clients)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as readers:
        time.sleep(1.0)  # until all have begun
        try:
            yield found
        finally:
            told = json.loads(readers.communicate()[0])
    found.update(told["answers"])
    found["helpers at a time"] = told["helpers"]


# --- one setting after the other


def measure(workers: int, threads: int, options: argparse.Namespace) -> None:
    rows: list[tuple[float, ...]] = []
    seen, most = Counter[str](), 0
    with (
        tempfile.TemporaryDirectory() as home,
        served(workers, threads, options.objects, home) as (port, pid),
    ):
        ids = snapshots(port)
        for number in range(options.rounds):
            quiet: list[float] = []
            if number % 2 == 0:
                quiet = latencies(port, options.rate, options.seconds)
            with reading(port, pid, ids, options.clients) as told:
                busy = latencies(port, options.rate, options.seconds)
            quiet = quiet or latencies(port, options.rate, options.seconds)
            most = max(most, told.pop("helpers at a time"))
            seen.update(told)
            rows.append((*percentiles(quiet), *percentiles(busy)))
        longest = max(threads_held(port, workers))
    table(f"{workers} workers x {threads} threads", rows)
    print("answers to the readers:", ", ".join(f"{n} x {k}" for k, n in sorted(seen.items())))
    print(f"helper interpreters at a time: {most} at most")
    print(f"all threads of a worker with readers, at a stretch: {longest * 1000:.1f} ms at most")


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return statistics.median(ordered) * 1000, ordered[int(0.99 * (len(ordered) - 1))] * 1000


def threads_held(port: int, workers: int) -> list[float]:
    """Of every worker: seconds that readers had all of its threads at once, at the longest."""
    found: dict[str, float] = {}
    while len(found) < workers:
        pid, longest = call(port, "/threads")[1].split()
        found[pid.decode()] = float(longest)
    return list(found.values())


def table(title: str, rows: list[tuple[float, ...]]) -> None:
    print(f"\n{title:<24}{'p50':>9}{'p99':>9}{'p50, read':>11}{'p99, read':>11}", end="")
    print(f"{'p50 ratio':>11}{'p99 ratio':>11}")
    ratios = [(row[2] / row[0], row[3] / row[1]) for row in rows]
    for number, (row, ratio) in enumerate(zip(rows, ratios, strict=True), 1):
        print(_line(f"round {number}", row, ratio))
    middle = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(_line("median", middle, [statistics.median(c) for c in zip(*ratios, strict=True)]))


def _line(name: str, figures: list[float] | tuple[float, ...], ratios: object) -> str:
    p50, p99, p50_read, p99_read = figures
    of_p50, of_p99 = ratios  # type: ignore[misc]
    text = f"{name:<24}{p50:>6.1f} ms{p99:>6.1f} ms{p50_read:>8.1f} ms{p99_read:>8.1f} ms"
    return f"{text}{of_p50:>10.2f}x{of_p99:>10.2f}x"


def main() -> None:
    parser = argparse.ArgumentParser(description="What readers of reports cost the service.")
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each half of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=[f"{w}x{t}" for w, t in SETTINGS])
    parser.add_argument("--read", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        port, pid, base, target, clients = options.read
        read(int(port), int(pid), base, target, int(clients))
        return
    print(f"Python {sys.version.split()[0]}, {options.objects:,} objects, ", end="")
    print(f"{options.clients} readers, {options.rate:g} requests a second, {os.cpu_count()} cores")
    for workers, threads in SETTINGS:
        if options.only in (None, f"{workers}x{threads}"):
            measure(workers, threads, options)


if __name__ == "__main__":
    main()
