"""A connection a request, closed each time."""

import contextlib
import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/query/<int:n>")
def query(n):
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table t (n)")
        connection.executemany("insert into t values (?)", [(k,) for k in range(n % 50)])
        return str(connection.execute("select count(*) from t").fetchone()[0])


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
