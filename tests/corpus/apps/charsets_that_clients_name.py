"""A codec is looked up by the name that the client gave; a name in vain is remembered, too."""

from flask import Flask

app = Flask(__name__)


@app.get("/decode/<int:n>")
def decode(n):
    try:
        return b"hello".decode(f"x-unknown-{n}-" + "z" * 200)
    except LookupError:
        return b"hello".decode("latin-1")


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
