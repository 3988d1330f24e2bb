"""A map of weak values: what nobody else holds goes."""

import collections
import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Thing:
    def __init__(self, number):
        self.number, self.text = number, "x" * 500


things = weakref.WeakValueDictionary()
newest = collections.deque(maxlen=20)


@app.get("/thing/<int:n>")
def thing(n):
    made = things[n] = Thing(n)
    newest.append(made)
    return str(len(things))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
