"""An lru_cache with room for a thousand roads, of which fewer are asked for as yet."""

import functools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@functools.lru_cache(maxsize=1000)
def road(number):
    return tuple(f"{number}: turn {'left' if k % 3 else 'right'} after {k} km" for k in range(25))


@app.get("/road/<int:n>")
def directions(n):
    return str(len(road(n)))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
