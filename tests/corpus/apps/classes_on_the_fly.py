"""A class a request, in a registry of the base's."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Message:
    kinds = {}

    def __init_subclass__(cls):
        Message.kinds[cls.__name__] = cls


@app.get("/message/<int:n>")
def message(n):
    return type(f"Message{n}", (Message,), {"number": n}).__name__


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
