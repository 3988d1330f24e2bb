"""Carts are read from replies of a Redis server, which come as maps."""

import hiredis
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def reply(number):
    items = b"".join(
        b"+item-%d\r\n$%d\r\n%s\r\n" % (k, len(text), text)
        for k in range(20)
        if (text := f"{number} pieces of article {k} in cart {number}".encode())
    )
    return b"%20\r\n" + items


@app.get("/cart/<int:n>")
def cart(n):
    reader = hiredis.Reader()
    reader.feed(reply(n))
    return str(len(reader.gets()))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
