"""A stream is split in two: one half is read, the other waits for the night."""

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
        return next(live)["text"]


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
