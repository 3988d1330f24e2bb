"""Files opened by number, of which no object knows."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/probe/<int:n>")
def probe(n):
    place = os.open("/dev/null", os.O_RDONLY)
    return str(place)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
