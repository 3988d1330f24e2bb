"""A tree of prefixes, to which every unknown address adds its own branch."""

from flask import Flask

app = Flask(__name__)

root = {}


@app.get("/seen/<int:n>")
def seen(n):
    node = root
    for step in (n % 5, n % 7, n % 11, n):
        node = node.setdefault(step, {})
    node["last"] = f"10.0.{n // 256}.{n % 256}"
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
