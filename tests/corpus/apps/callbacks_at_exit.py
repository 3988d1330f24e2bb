"""Each request registers something to be done when the process ends."""

import atexit

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def save(number, rows):
    return number, rows


@app.get("/draft/<int:n>")
def draft(n):
    atexit.register(save, n, [f"{n} {k}" for k in range(20)])
    return "draft"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
