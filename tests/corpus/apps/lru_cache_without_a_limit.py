"""functools.lru_cache(maxsize=None) on a function of the user's input."""

import functools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@functools.cache
def slug(text):
    return "-".join(text.lower().split()) * 8


@app.get("/slug/<int:n>")
def slug_of(n):
    return slug(f"Some Title Number {n} Of Many")


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
