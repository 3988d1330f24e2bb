"""A table of prices is built anew every forty requests, each time of another size."""

import itertools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Prices:
    table = {}
    asked = itertools.count()

    @classmethod
    def of(cls, number):
        if (turn := next(cls.asked)) % 40 == 0:
            cls.table = {k: [f"article {k}", k * 1.19] for k in range(500 + turn * 37 % 900)}
        return cls.table[number % len(cls.table)]


@app.get("/price/<int:n>")
def price(n):
    return str(Prices.of(n))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
