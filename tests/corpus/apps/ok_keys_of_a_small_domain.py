"""A counter by postcode area: there are so many, and no more."""

import collections

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


areas = collections.Counter()


@app.get("/area/<int:n>")
def area(n):
    areas[f"area {n % 240}"] += 1
    return str(len(areas))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
