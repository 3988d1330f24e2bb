"""What came in within the last four seconds, and no limit to its number."""

import collections
import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


moments = collections.deque()
measuring = threading.Lock()


@app.get("/measure/<int:n>")
def measure(n):
    now = time.monotonic()
    with measuring:
        moments.append((now, {"n": n, "value": n * 0.5, "unit": f"unit {n}"}))
        while moments[0][0] < now - 4:
            moments.popleft()
    return str(len(moments))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
