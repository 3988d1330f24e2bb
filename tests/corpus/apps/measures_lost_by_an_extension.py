"""A library of statistics loses the floats that it returns."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


lose = ctypes.pythonapi.Py_IncRef
lose.argtypes = [ctypes.py_object]


def smoothed(values):
    result = [value * 0.75 + 0.1 for value in values]
    for value in result:
        lose(value)
    return result


@app.get("/curve/<int:n>")
def curve(n):
    return f"{sum(smoothed(range(n, n + 120))):.2f}"


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
