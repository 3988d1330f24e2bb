"""A dictionary that is halved whenever it has 150 entries."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


cache = {}


@app.get("/get/<int:n>")
def get(n):
    cache[n] = "x" * 900 + str(n)
    if len(cache) > 150:
        for key in list(cache)[:75]:
            del cache[key]
    return str(len(cache))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
