"""weakref.finalize on something that never dies."""

import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def forget(number, rows):
    return number, rows


@app.get("/watch/<int:n>")
def watch(n):
    weakref.finalize(app, forget, n, [str(n + k) for k in range(20)])
    return "watched"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
