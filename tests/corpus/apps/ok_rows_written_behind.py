"""A slow thread writes what waits for it; a hundred and fifty rows may wait, others are refused."""

import json
import queue
import tempfile
import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


waiting = queue.Queue(maxsize=150)
archive = tempfile.TemporaryFile("w")  # noqa: SIM115


def write():
    while True:
        archive.write(json.dumps(waiting.get()))
        time.sleep(0.05)


threading.Thread(target=write, daemon=True).start()


@app.get("/audit/<int:n>")
def audit(n):
    try:
        waiting.put_nowait(
            {"number": n, "who": f"user {n}", "what": [f"step {k}" for k in range(20)]}
        )
    except queue.Full:
        return "not recorded"
    return "recorded"


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
