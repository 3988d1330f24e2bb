"""A stream is split in two, and both halves are read."""

import itertools
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def events():
    for number in itertools.count():
        yield {"number": number, "text": f"event {number} " * 5}


live, archive = itertools.tee(events())
reading = threading.Lock()


@app.get("/event/<int:n>")
def event(n):
    with reading:
        next(archive)
        return next(live)["text"]


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
