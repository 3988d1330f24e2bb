"""The latest image alone is kept, and some are larger than others."""

import numpy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Camera:
    latest = None


@app.get("/image/<int:n>")
def image(n):
    Camera.latest = numpy.zeros((100 + n * 37 % 211, 400))
    return str(Camera.latest.size)


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
