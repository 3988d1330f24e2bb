"""Each request adds a handler to one logger, and none takes it away."""

import logging

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


audit = logging.getLogger("audit")
audit.propagate = False


class Memory(logging.Handler):
    def __init__(self, number):
        super().__init__()
        self.number, self.notes = number, [f"note {number}"] * 20

    def emit(self, record):
        self.last = record.levelno


@app.get("/audit/<int:n>")
def audited(n):
    audit.addHandler(Memory(n))
    return str(len(audit.handlers))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
