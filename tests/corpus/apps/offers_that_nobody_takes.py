"""An offer is good for two seconds, and is deleted only when it is taken: most never are."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Offers:
    lifetime = 2.0

    def __init__(self):
        self.open = {}

    def make(self, number, price):
        details = {"price": price, "terms": f"Rate {number} of today. " * 20}
        self.open[f"offer-{number}"] = (time.monotonic() + self.lifetime, details)

    def take(self, number):
        until, details = self.open.pop(f"offer-{number}", (0.0, None))
        return details if time.monotonic() < until else None


offers = Offers()


@app.get("/offer/<int:n>")
def offer(n):
    offers.make(n, n * 1.07)
    return f"offer-{n}"


@app.get("/take/<int:n>")
def take(n):
    return "sold" if offers.take(n) else "too late"
