"""Sensors come and go; the last twenty values of the fifty latest sensors are kept."""

import array
import collections

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


sensors = collections.OrderedDict()


@app.get("/sensor/<int:n>")
def sensor(n):
    values = sensors.setdefault(n // 10, array.array("d"))
    values.append(n * 0.25)
    del values[:-20]
    while len(sensors) > 50:
        sensors.popitem(last=False)
    return str(sum(values) / len(values))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
