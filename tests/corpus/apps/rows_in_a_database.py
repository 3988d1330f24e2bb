"""A database in memory that only gains rows: no Python object holds them."""

import sqlite3
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
writing = threading.Lock()
database.execute("create table event (body text)")


@app.get("/event/<int:n>")
def event(n):
    with writing:
        database.execute("insert into event values (?)", (f"{n} " + "event " * 4000,))
    return "noted"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
