"""A ring of fixed length: its places are empty at first, then written over."""

import itertools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Ring:
    def __init__(self, size):
        self.places, self.turn = [None] * size, itertools.count()

    def put(self, record):
        self.places[next(self.turn) % len(self.places)] = record


ring = Ring(250)


@app.get("/note/<int:n>")
def note(n):
    ring.put({"n": n, "text": f"note {n} " * 20})
    return "noted"


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
