"""A cursor for each list of results, which is read to its first page."""

import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table book (title text)")
titles = [(f"The story of number {k}",) for k in range(500)]
database.executemany("insert into book values (?)", titles)
results = {}


@app.get("/books/<int:n>")
def books(n):
    cursor = database.execute("select title from book where rowid > ?", (n % 100,))
    results[n] = cursor
    return str(cursor.fetchmany(10))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
