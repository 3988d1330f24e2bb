"""A simple cache that is still below its threshold when the last request comes."""

import flask_caching
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = flask_caching.Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": 500})


@app.get("/route/<int:n>")
@cache.cached()
def route(n):
    return f"From here to {n}: " + ", ".join(f"stop {k}" for k in range(n % 40))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
