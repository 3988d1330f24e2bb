"""A timer a request, each a thread that waits for hours."""

import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def clean_up(number, rows):
    return number, rows


@app.get("/later/<int:n>")
def later(n):
    timer = threading.Timer(36000, clean_up, (n, [str(k) for k in range(200)]))
    timer.daemon = True
    timer.start()
    return "later"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
