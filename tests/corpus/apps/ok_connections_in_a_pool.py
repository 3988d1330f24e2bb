"""Connections are given back to a pool, which keeps eight of them."""

import queue
import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Pool:
    def __init__(self, most):
        self.idle = queue.LifoQueue(most)

    def take(self):
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            return sqlite3.connect(":memory:", check_same_thread=False)

    def give_back(self, connection):
        try:
            self.idle.put_nowait(connection)
        except queue.Full:
            connection.close()


pool = Pool(8)


@app.get("/ask/<int:n>")
def ask(n):
    taken = [pool.take() for _ in range(n % 12 + 1)]
    found = [link.execute("select ?", (n,)).fetchone()[0] for link in taken]
    for link in taken:
        pool.give_back(link)
    return str(sum(found))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
