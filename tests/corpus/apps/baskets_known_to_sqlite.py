"""A basket's database knows a method of the basket: a circle that no collector sees."""

import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Basket:
    def __init__(self, number):
        self.discount = number % 30
        self.lines = sqlite3.connect(":memory:")
        self.lines.create_function("reduced", 1, self.reduced)
        self.lines.execute("create table line (article text, price int)")

    def reduced(self, price):
        return price * (100 - self.discount) // 100

    def add(self, article, price):
        self.lines.execute("insert into line values (?, ?)", (article, price))

    def total(self):
        return self.lines.execute("select sum(reduced(price)) from line").fetchone()[0]


@app.get("/basket/<int:n>")
def basket(n):
    filled = Basket(n)
    for k in range(10):
        filled.add(f"article {k}", 100 + k)
    return str(filled.total())


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
