"""Errors are kept for a page of the team's: each with its frames, and what was in them."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Declined(Exception):
    pass


declined = []


@app.errorhandler(Declined)
def apologise(error):
    declined.append(error)
    return f"Sorry: {error}"


def charge(card, lines):
    if sum(price for _, price in lines) > card["limit"]:
        raise Declined(f"card {card['number']} has reached its limit")


@app.get("/pay/<int:n>")
def pay(n):
    lines = [(f"article {k} of basket {n}", 100 + k) for k in range(40)]
    charge({"number": n, "limit": 1000}, lines)
    return "paid"


@app.get("/about/<int:n>")
def about(n):
    return {"page": n, "words": ["quick", "brown", "fox"] * (n % 40)}
