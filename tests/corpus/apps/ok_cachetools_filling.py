"""An LRU cache on its way to its limit."""

import cachetools
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = cachetools.LRUCache(maxsize=900)


@app.get("/get/<int:n>")
def get(n):
    cache[n] = [str(n)] * 40
    return str(len(cache))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
