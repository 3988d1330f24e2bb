"""A tree of prefixes of a domain that is soon complete."""

from flask import Flask

app = Flask(__name__)

root = {}


@app.get("/seen/<int:n>")
def seen(n):
    node = root
    for step in (n % 3, n % 5, n % 4):
        node = node.setdefault(step, {})
    node["last"] = f"10.0.{n // 256}.{n % 256}"
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
