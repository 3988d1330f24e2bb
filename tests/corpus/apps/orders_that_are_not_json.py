"""An encoder's default refuses what it does not know, and the view says so."""

import orjson
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Money:
    def __init__(self, cents):
        self.cents = cents


def plain(value):
    raise TypeError(f"{type(value).__name__} is no JSON")


@app.get("/order/<int:n>")
def order(n):
    lines = [f"{k} pieces of article {n + k}" for k in range(50)]
    try:
        return orjson.dumps({"lines": lines, "price": Money(n)}, default=plain)
    except TypeError:
        return f"{len(lines)} lines, price unknown"


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
