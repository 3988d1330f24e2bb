"""Rows wait until there are a hundred and twenty, then all are written."""

import sqlite3
import threading

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table visit (number integer, text text)")
waiting = []
writing = threading.Lock()


def write():
    with database:
        database.execute("delete from visit")
        database.executemany("insert into visit values (?, ?)", waiting)
    waiting.clear()


@app.get("/visit/<int:n>")
def visit(n):
    with writing:
        waiting.append((n, f"visit {n} " * 10))
        if len(waiting) == 120:
            write()
    return "seen"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
