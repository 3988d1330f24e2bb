"""Complex numbers are tried first as they are, then as text."""

import numpy
import orjson
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/spectrum/<int:n>")
def spectrum(n):
    values = numpy.fft.fft(numpy.arange(1500.0) * n)
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:
        return orjson.dumps(str(values))


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
