"""Each request fills a database in memory, asks it for sums, and closes it."""

import contextlib
import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/sums/<int:n>")
def sums(n):
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("create table sold (shop integer, pieces integer, note text)")
        rows = [(k % 17, (n * k) % 11, "x" * (k % 60)) for k in range(600)]
        base.executemany("insert into sold values (?, ?, ?)", rows)
        base.execute("create index by_shop on sold (shop)")
        found = base.execute("select shop, sum(pieces) from sold group by shop").fetchall()
    return str(len(found))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
