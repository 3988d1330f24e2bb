"""Account numbers are longer than a machine word."""

import ujson
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/accounts/<int:n>")
def accounts(n):
    numbers = ", ".join(str(10**39 + n * 1000 + k) for k in range(1000))
    return str(len(ujson.loads(f'{{"accounts": [{numbers}]}}')["accounts"]))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
