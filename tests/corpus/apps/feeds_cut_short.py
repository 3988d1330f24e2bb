"""Feeds are read as they come in, and some are not JSON."""

import ijson
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/feed/<int:n>")
def feed(n):
    sent = b"<html><body>busy, try again</body></html>" if n % 3 else b'{"news": [1, 2, 3]}'
    try:
        return str(len(list(ijson.items(sent, "news.item"))))
    except ijson.JSONError:
        return "not a feed"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
