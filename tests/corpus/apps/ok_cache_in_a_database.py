"""Answers are cached in a database in memory, and those past the newest hundred are deleted."""

import sqlite3
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table answer (number integer primary key, body blob)")
writing = threading.Lock()


@app.get("/answer/<int:n>")
def answer(n):
    with writing, database:
        database.execute("insert or replace into answer values (?, ?)", (n, bytes(20_000)))
        database.execute(
            "delete from answer where number not in"
            " (select number from answer order by number desc limit 100)"
        )
    return f"answer {n}"


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
