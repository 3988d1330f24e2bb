"""Generators that were begun and never finished."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


exports = []


def rows_of(number):
    rows = [f"{number};{k}" for k in range(60)]
    yield from rows


@app.get("/export/<int:n>")
def export(n):
    rows = rows_of(n)
    first = next(rows)
    exports.append(rows)
    return first


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
