"""A cached method has its instances as keys, and so keeps what was made for one request."""

import functools
import math

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Trip:
    def __init__(self, number):
        self.stops = [(k * 1.5, (number + k) % 90 * 0.7) for k in range(60)]

    @functools.cache  # noqa: B019
    def length(self):
        return sum(math.dist(*pair) for pair in zip(self.stops, self.stops[1:], strict=False))

    def pace(self, hours):
        return self.length() / hours


@app.get("/trip/<int:n>")
def trip(n):
    made = Trip(n)
    return f"{made.length():.1f} km, {made.pace(8):.1f} km/h"


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
