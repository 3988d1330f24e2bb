"""Weak references to what is long gone."""

import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Job:
    def __init__(self, number):
        self.number = number


class Board:
    def __init__(self):
        self.watched = []

    def watch(self, job):
        self.watched.append(weakref.ref(job, self.gone))

    def gone(self, reference):
        pass


board = Board()


@app.get("/run/<int:n>")
def run(n):
    for k in range(5):
        board.watch(Job(n + k))
    return "done"


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
