"""A WeakKeyDictionary whose values refer to their keys."""

import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Session:
    def __init__(self, number):
        self.number, self.data = number, [str(number)] * 30


details = weakref.WeakKeyDictionary()


@app.get("/session/<int:n>")
def session(n):
    made = Session(n)
    details[made] = {"session": made, "n": n}
    return str(len(details))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
