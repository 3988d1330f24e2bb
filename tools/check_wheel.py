"""Check an installed wheel: its native core loads, passes its self-check, and captures a heap.

Prints the Python and the figures. Ends with 1 and the reason when the core is missing or unfit.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask

from flask_heapview import HeapView

API = "/_debug/memory/api/v1"
HEADERS = {"Authorization": "Bearer check"}
PATIENCE_SECONDS = 120.0


def capture(client: Any, kind: str) -> dict[str, Any]:
    """The snapshot's figures, when it is done. Raises SystemExit when it fails."""
    state = client.post(f"{API}/snapshots", headers=HEADERS, json={"kind": kind}).json
    until = time.monotonic() + PATIENCE_SECONDS
    while state.get("state") == "running" and time.monotonic() < until:
        time.sleep(0.05)
        state = client.get(f"{API}/snapshots/{state['id']}", headers=HEADERS).json
    if state.get("state") != "done" or not state["engine"].startswith("native"):
        raise SystemExit(f"The capture of the kind {kind} is not the native engine's: {state}")
    return dict(state)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        app = Flask("check")
        HeapView(app, token="a-token-for-the-wheel", dir=str(Path(directory) / "heapview"))
        client = app.test_client()
        for kind in ("ownership", "graph"):
            state = capture(client, kind)
            print(f"{kind}: {state['engine']}, {state['duration_ms']} ms")
        status: Any = client.get(f"{API}/status", headers=HEADERS).json
    libc = " ".join(platform.libc_ver()) or "no glibc"
    print(
        f"Python {sys.version.split()[0]}, {platform.machine()}, {libc}. {status['capture']['why']}"
    )


if __name__ == "__main__":
    main()
