"""A cache with an expiry that really deletes."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = {}


@app.get("/get/<int:n>")
def get(n):
    now = time.monotonic()
    for key in [key for key, (made, _) in cache.items() if now - made > 0.2]:
        del cache[key]
    cache[n] = now, "x" * 2000
    return str(len(cache))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
