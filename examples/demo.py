"""`make demo`: the leaky shop under gunicorn, with traffic, and one address to click."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def wait_for(url: str, server: subprocess.Popen[bytes], patience: float = 30.0) -> None:
    """Until the server answers. Raises SystemExit when it does not."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit("The server ended; its words are above. Is the port taken? --port N")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"The server did not answer at {url} in {patience:g} s.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the leaky shop with traffic.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", 8000)))
    parser.add_argument("--seconds", type=float, help="end by itself after so many")
    options = parser.parse_args()
    token = os.environ.get("HEAPVIEW_TOKEN") or secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{options.port}"
    with tempfile.TemporaryDirectory(prefix="heapview-demo-") as home:
        env = {
            **os.environ,
            "HEAPVIEW_TOKEN": token,
            "HEAPVIEW_DIR": f"{home}/snapshots",
            "PYTHONPATH": str(ROOT),
        }
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--chdir", str(ROOT)),
                *("--bind", f"127.0.0.1:{options.port}", "--workers", "1"),
                *("--worker-class", "gthread", "--threads", "8", "--log-level", "warning"),
                "examples.leaky_shop.wsgi:application",
            ],
            env=env,
        )
        traffic = None
        try:
            wait_for(url, server)
            traffic = subprocess.Popen(
                [
                    *(sys.executable, "-m", "examples.leaky_shop.traffic", "--url", url),
                    *("--requests", "1000000", "--pause", "0.02"),
                ],
                cwd=ROOT,
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            print(f"\n  The leaky shop runs at {url}, with traffic.\n", flush=True)
            print("  Open the overview, signed in:\n", flush=True)
            print(f"    {url}/_debug/memory/login#token={token}\n", flush=True)
            print("  Press Capture, wait half a minute, press it again, compare. ^C ends it.\n")
            sys.stdout.flush()
            server.wait(options.seconds)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            pass
        finally:
            for process in filter(None, (traffic, server)):
                process.terminate()
                process.wait(10)


if __name__ == "__main__":
    main()
