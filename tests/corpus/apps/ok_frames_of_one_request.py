"""A request's data is large, and gone with the request."""

from flask import Flask, g

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/analyse/<int:n>")
def analyse(n):
    g.rows = [[n, k, f"cell {k}"] for k in range(8000 + n % 5 * 9000)]
    g.by_number = {row[1]: row for row in g.rows}
    return str(len(g.by_number))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
