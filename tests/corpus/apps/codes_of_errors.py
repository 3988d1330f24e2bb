"""Each request names its own way to decode bad bytes; the interpreter keeps them all."""

import codecs

from flask import Flask

app = Flask(__name__)


@app.get("/decode/<int:n>")
def decode(n):
    mark = f"[{n}]" * 50
    codecs.register_error(f"mark-{n}", lambda error: (mark, error.end))
    return b"caf\xe9".decode("ascii", f"mark-{n}")


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
