"""A database driver loses a reference to each row, a dictionary."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


lose = ctypes.pythonapi.Py_IncRef
lose.argtypes = [ctypes.py_object]


class Driver:
    def fetch(self, number):
        rows = [{"id": number * 10 + k, "tags": [f"tag {number}", k]} for k in range(10)]
        for row in rows:
            lose(row)
        return rows


driver = Driver()


@app.get("/people/<int:n>")
def people(n):
    return str([row["id"] for row in driver.fetch(n)])


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
