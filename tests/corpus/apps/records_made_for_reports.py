"""A class for the columns that a report happens to have."""

import attr
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/report/<int:n>")
def report(n):
    Row = attr.make_class("Row", ["day", "visits", "orders"])
    rows = [Row(day, day * n, n) for day in range(30)]
    return str(sum(row.visits for row in rows))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
