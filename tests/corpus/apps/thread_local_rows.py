"""Worker threads live long, and what they keep for themselves with them."""

import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


local = threading.local()


@app.get("/row/<int:n>")
def row(n):
    if not hasattr(local, "rows"):
        local.rows = []
    local.rows.append([str(n + k) for k in range(40)])
    return str(len(local.rows))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
