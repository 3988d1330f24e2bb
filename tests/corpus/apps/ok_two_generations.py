"""Answers of two generations: when the young one is full, the old one goes."""

import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Generations:
    def __init__(self, size):
        self.size, self.young, self.old = size, {}, {}
        self.changing = threading.Lock()

    def get(self, key, make):
        with self.changing:
            if key not in self.young:
                if len(self.young) == self.size:
                    self.young, self.old = {}, self.young
                self.young[key] = self.old.pop(key, None) or make(key)
            return self.young[key]


answers = Generations(140)


def searched(number):
    return [{"title": f"book {number + k}", "shelf": k} for k in range(12)]


@app.get("/search/<int:n>")
def search(n):
    return str(len(answers.get(n, searched)))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
