"""Flask-Limiter counts in memory, and a timer takes away what has run out."""

import flask_limiter
from flask import Flask, request

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


limiter = flask_limiter.Limiter(lambda: request.path, app=app, storage_uri="memory://")


@app.get("/ask/<int:n>")
@limiter.limit("5 per second")
def ask(n):
    return f"answer {n}"


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
