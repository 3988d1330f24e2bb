"""Readings of sensors are smoothed and correlated in arrays, all of the request."""

import numpy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/correlate/<int:n>")
def correlate(n):
    made = numpy.random.default_rng(n)
    readings = made.normal(size=(20 + n % 7, 4000))
    smooth = numpy.apply_along_axis(lambda row: numpy.convolve(row, numpy.ones(9) / 9), 1, readings)
    return f"{numpy.corrcoef(smooth)[0, 1]:.3f}"


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
