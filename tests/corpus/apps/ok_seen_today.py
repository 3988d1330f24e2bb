"""The numbers seen today are forgotten at midnight, which comes every 130 requests."""

import itertools

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Today:
    def __init__(self):
        self.requests = itertools.count(1)
        self.seen = set()

    def first_time(self, name):
        if next(self.requests) % 130 == 0:
            self.seen = set()
        known = name in self.seen
        self.seen.add(name)
        return not known


today = Today()


@app.get("/hello/<int:n>")
def hello(n):
    return "welcome" if today.first_time(f"visitor {n} with a long name") else "again"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
