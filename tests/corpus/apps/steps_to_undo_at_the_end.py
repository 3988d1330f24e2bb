"""An exit stack of the app gets a callback for each request."""

import contextlib

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


undo = contextlib.ExitStack()


def release(number, seats):
    return f"{number}: {len(seats)}"


@app.get("/seats/<int:n>")
def book(n):
    seats = [f"row {n} seat {k}" for k in range(8)]
    undo.callback(release, n, seats)
    return str(len(seats))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
