"""`make demo`: the leaky shop under gunicorn, with traffic, and one address to click.

Whatever ends it (^C, a signal, the death of the shell that started it) ends its servers, too.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

ROOT = Path(__file__).resolve().parent.parent
POLL_SECONDS = 0.5
MAX_END_SECONDS = 10.0  # until what does not end by itself is killed
PR_SET_PDEATHSIG = 1


def end_with_the_demo() -> None:
    """In a child: the kernel ends it even when the demo is killed (SIGKILL). See prctl(2)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@contextmanager
def running(
    module: str, *options: str, env: Mapping[str, str], output: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m MODULE` in a process group of its own, which ends with the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        process_group=0,  # a ^C at the terminal is ours alone: we end the traffic first
        preexec_fn=end_with_the_demo,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(MAX_END_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{module} does not end: it is killed.", file=sys.stderr)
        try:
            os.killpg(process.pid, signal.SIGKILL)  # workers that their server left behind
        except ProcessLookupError:
            pass
        process.wait()


def wait_for(url: str, server: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    """Until the server answers. Raises SystemExit when it does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit("The server ended; its words are above. Is the port taken? --port N")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"The server did not answer at {url} in {seconds:g} s.")


def starters() -> list[int]:
    """The processes that started the demo: its parent and, where that is make, its parent's."""
    found = psutil.Process().parents()[:2]
    by_make = bool(found) and found[0].name().endswith("make")
    return [one.pid for one in found[: 2 if by_make else 1]]


def wait_for_the_end(
    server: subprocess.Popen[bytes], seconds: float | None, shell: list[int]
) -> None:
    """Returns when the server, the time, or `shell`, which started the demo, has ended."""
    until = time.monotonic() + seconds if seconds is not None else float("inf")
    # nohup: it shall outlive its shell
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    while server.poll() is None and time.monotonic() < until:
        if not outlives and starters() != shell:
            return
        time.sleep(POLL_SECONDS)


def leave(number: int, _frame: FrameType | None) -> None:
    """Ends the demo in order. A second signal does not disturb that."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(0 if number == signal.SIGINT else 128 + number)


def heed_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the leaky shop with traffic.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", 8000)))
    parser.add_argument("--seconds", type=float, help="end by itself after so many")
    options = parser.parse_args()
    shell = starters()  # first of all: it may end while the server starts
    heed_signals()
    token = os.environ.get("HEAPVIEW_TOKEN") or secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{options.port}"
    with tempfile.TemporaryDirectory(prefix="heapview-demo-") as home:
        env = {
            **os.environ,
            "HEAPVIEW_TOKEN": token,
            "HEAPVIEW_DIR": f"{home}/snapshots",
            "PYTHONPATH": str(ROOT),
        }
        serve = (
            *("--bind", f"127.0.0.1:{options.port}", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "8", "--log-level", "warning"),
            "examples.leaky_shop.wsgi:application",
        )
        send = ("--url", url, "--requests", "1000000", "--pause", "0.02")
        with running("gunicorn", *serve, env=env) as server:
            wait_for(url, server)
            with running("examples.leaky_shop.traffic", *send, env=env, output=subprocess.DEVNULL):
                print(f"\n  The leaky shop runs at {url}, with traffic.\n")
                print("  Open the overview, signed in:\n")
                print(f"    {url}/_debug/memory/login#token={token}\n")
                print("  Press Capture. Wait half a minute, press it again, and compare.")
                print("  ^C ends it.\n", flush=True)
                wait_for_the_end(server, options.seconds, shell)


if __name__ == "__main__":
    main()
