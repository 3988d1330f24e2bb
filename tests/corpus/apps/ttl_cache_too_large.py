"""A TTL cache whose limits will never be met."""

import cachetools
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = cachetools.TTLCache(maxsize=10**9, ttl=10**7)


@app.get("/price/<int:n>")
def price(n):
    key = ("price", n)
    if key not in cache:
        cache[key] = {"n": n, "history": [n * 1.5 + k for k in range(60)]}
    return str(len(cache))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
