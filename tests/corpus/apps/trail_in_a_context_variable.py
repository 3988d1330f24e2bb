"""A context variable whose default is a list: all requests share it."""

import contextvars

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


trail = contextvars.ContextVar("trail", default=[])  # noqa: B039


def step(text):
    trail.get().append(text)


@app.get("/checkout/<int:n>")
def checkout(n):
    for name in ("basket", "address", "payment"):
        step({"order": n, "step": name, "note": f"{name} of order {n}"})
    return "ordered"


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
