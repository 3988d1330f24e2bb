"""One exception for all: each raise hangs one more traceback onto it."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class OutOfStock(Exception):
    pass


OUT_OF_STOCK = OutOfStock("nothing left")


def reserve(n):
    shelves = [f"shelf {n} {k}" for k in range(100)]
    if len(shelves) < 1000:
        raise OUT_OF_STOCK


@app.get("/reserve/<int:n>")
def order(n):
    try:
        reserve(n)
    except OutOfStock:
        return "sold out"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
