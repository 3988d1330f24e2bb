"""A simple cache with no expiry, and a threshold that is never reached."""

import flask_caching
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = flask_caching.Cache(
    app,
    config={
        "CACHE_TYPE": "SimpleCache",
        "CACHE_THRESHOLD": 10**9,
        "CACHE_DEFAULT_TIMEOUT": 0,
    },
)


@app.get("/route/<int:n>")
@cache.cached()
def route(n):
    return f"From here to {n}: " + ", ".join(f"stop {k}" for k in range(n % 40))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
