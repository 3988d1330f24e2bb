"""A lease puts itself back on the shelf when it dies, and nobody takes one from there."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Lease:
    returned = []

    def __init__(self, number):
        self.number, self.rows = number, [f"row {k} of {number}" for k in range(20)]

    def __del__(self):
        Lease.returned.append(self)


@app.get("/lease/<int:n>")
def lease(n):
    return str(len(Lease(n).rows))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
