"""A small pool of connections: a view that finds no order does not give its connection back."""

import sqlite3
import tempfile

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Pool:
    def __init__(self, path):
        self.path, self.free, self.in_use = path, [], set()

    def take(self):
        try:
            connection = self.free.pop()
        except IndexError:
            connection = sqlite3.connect(self.path, check_same_thread=False)
        self.in_use.add(connection)
        return connection

    def give_back(self, connection):
        self.in_use.remove(connection)
        self.free.append(connection)


pool = Pool(tempfile.mkdtemp() + "/orders.db")
with pool.take() as first:
    first.execute("create table orders (id integer primary key, body text)")
    ordered = [(k, f"order {k}") for k in range(10_000) if k % 5]
    first.executemany("insert into orders values (?, ?)", ordered)
pool.give_back(first)


@app.get("/order/<int:n>")
def order(n):
    connection = pool.take()
    found = connection.execute("select body from orders where id = ?", (n,)).fetchone()
    if found is None:
        return "no such order"
    pool.give_back(connection)
    return found[0]


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
