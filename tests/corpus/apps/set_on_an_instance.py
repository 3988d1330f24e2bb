"""Every visitor is remembered by an object that lives as long as the module."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Tracker:
    def __init__(self):
        self.seen = set()

    def note(self, visitor):
        self.seen.add(f"visitor {visitor} " * 6)
        return len(self.seen)


tracker = Tracker()


@app.get("/visit/<int:n>")
def visit(n):
    return str(tracker.note(n))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
