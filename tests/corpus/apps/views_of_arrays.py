"""A small view of a large array keeps the whole."""

import numpy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


heads = []


@app.get("/measure/<int:n>")
def measure(n):
    samples = numpy.arange(20_000 + n % 10, dtype="float64") * n
    heads.append(samples[:5])
    return str(float(samples.mean()))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
