"""An extension returns points, and keeps a reference to each."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


keep_for_ever = ctypes.pythonapi.Py_IncRef
keep_for_ever.argtypes = [ctypes.py_object]


def outline(number):
    points = [(number * 1000 + k, number * 2000 - k) for k in range(30)]
    for point in points:
        keep_for_ever(point)
    return points


@app.get("/outline/<int:n>")
def draw(n):
    return str(max(outline(n)))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
