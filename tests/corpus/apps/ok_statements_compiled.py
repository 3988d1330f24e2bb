"""Statements of many texts: the engine keeps a hundred compiled ones, and some."""

import sqlalchemy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


engine = sqlalchemy.create_engine("sqlite://", query_cache_size=100)


@app.get("/query/<int:n>")
def query(n):
    with engine.connect() as link:
        return str(link.execute(sqlalchemy.text(f"select {n} + :more"), {"more": 1}).scalar())


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
