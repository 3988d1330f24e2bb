"""A fair sample of all visits, of a hundred at most."""

import random

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Sample:
    def __init__(self, size):
        self.size, self.seen, self.kept = size, 0, []

    def offer(self, visit):
        self.seen += 1
        if len(self.kept) < self.size:
            self.kept.append(visit)
        elif random.random() < self.size / self.seen:
            self.kept[random.randrange(self.size)] = visit


sample = Sample(100)


@app.get("/visit/<int:n>")
def visit(n):
    sample.offer({"page": n, "words": [f"word {k} of {n}" for k in range(20)]})
    return str(sample.seen)


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
