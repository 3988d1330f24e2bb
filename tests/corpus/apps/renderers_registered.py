"""A generic function gets an implementation for each class that is made."""

import functools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@functools.singledispatch
def render(value):
    return str(value)


@app.get("/widget/<int:n>")
def widget(n):
    kind = type(f"Widget{n}", (), {"number": n})
    render.register(kind, lambda value: f"widget {value.number}")
    return render(kind())


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
