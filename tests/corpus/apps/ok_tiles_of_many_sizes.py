"""A hundred and twenty tiles of a map, drawn anew in another size each time."""

import random
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


tiles = {}
sizes = random.Random(7)
drawing = threading.Lock()


@app.get("/draw/<int:n>")
def draw(n):
    with drawing:
        for k in range(3):
            tiles[(n // 2 * 3 + k) * 7919 % 120] = b"x" * sizes.randrange(1_000, 80_000)
    return str(len(tiles))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
