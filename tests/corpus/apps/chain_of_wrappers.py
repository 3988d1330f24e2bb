"""A hook that wraps the one before it, with each request."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def nothing(order):
    return order


class Hooks:
    before = staticmethod(nothing)


@app.get("/hook/<int:n>")
def hook(n):
    earlier, note = Hooks.before, f"note {n} " * 60

    def before(order):
        return order if note else earlier(order)

    Hooks.before = staticmethod(before)
    return str(Hooks.before(n))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
