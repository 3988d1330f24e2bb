"""Listeners register themselves weakly, and die with their request."""

import weakref

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Bell:
    def __init__(self):
        self.listeners = weakref.WeakSet()
        self.rung = weakref.WeakKeyDictionary()

    def ring(self):
        for listener in list(self.listeners):
            self.rung[listener] = self.rung.get(listener, 0) + 1


bell = Bell()


class Listener:
    def __init__(self, name):
        self.name, self.itself = name, self
        bell.listeners.add(self)


@app.get("/listen/<int:n>")
def listen(n):
    found = [Listener(f"{n} {k}") for k in range(6)]
    bell.ring()
    return str(len(found))


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
