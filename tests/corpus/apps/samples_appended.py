"""An array that is made anew, a little longer each time."""

import numpy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Station:
    samples = numpy.zeros(0)


@app.get("/sample/<int:n>")
def sample(n):
    Station.samples = numpy.append(Station.samples, numpy.arange(n, n + 900.0))
    return str(len(Station.samples))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
