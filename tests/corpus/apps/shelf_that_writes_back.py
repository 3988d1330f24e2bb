"""A shelf that keeps each value it has given out, to write it back some day."""

import os
import shelve
import tempfile

from flask import Flask

app = Flask(__name__)

place = os.path.join(tempfile.mkdtemp(), "carts")
shelf = shelve.open(place, writeback=True)  # noqa: SIM115


@app.get("/cart/<int:n>")
def cart(n):
    shelf[f"cart{n}"] = [f"item {n} {k}" for k in range(30)]
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
