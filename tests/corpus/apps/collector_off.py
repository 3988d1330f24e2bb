"""Circles of parents and children, and a collector that somebody switched off."""

import gc

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


gc.disable()


class Order:
    def __init__(self, number):
        self.lines = [Line(self, k) for k in range(8)]
        self.text = f"order {number} " * 30


class Line:
    def __init__(self, order, place):
        self.order, self.place = order, place


@app.get("/order/<int:n>")
def order(n):
    return str(len(Order(n).lines))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
