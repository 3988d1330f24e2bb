"""Orders are registered weakly, and a list of the day holds each of them."""

import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Order:
    def __init__(self, number):
        self.number, self.lines = number, [f"line {k} of {number}" for k in range(10)]


class Day:
    def __init__(self):
        self.orders = []


register = weakref.WeakValueDictionary()
today = Day()


@app.get("/buy/<int:n>")
def buy(n):
    register[n] = order = Order(n)
    today.orders.append(order)
    return str(len(register))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
