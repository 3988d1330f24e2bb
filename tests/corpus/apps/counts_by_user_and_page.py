"""Two levels of counters: users, of whom each has few pages."""

from collections import Counter, defaultdict

from flask import Flask

app = Flask(__name__)

counts = defaultdict(Counter)


@app.get("/visit/<int:n>")
def visit(n):
    counts[f"user-{n}"][f"page-{n % 4}"] += 1
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
