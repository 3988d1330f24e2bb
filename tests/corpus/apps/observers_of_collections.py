"""Each request asks to be told of collections, and never takes that back."""

import gc

from flask import Flask

app = Flask(__name__)


@app.get("/measure/<int:n>")
def measure(n):
    pauses = [0] * 100

    def note(phase, info):
        pauses[info["generation"]] += phase == "stop"

    gc.callbacks.append(note)
    return str(n)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
