"""A log in memory that starts anew at a hundred kilobytes."""

import io

from flask import Flask

app = Flask(__name__)

log = io.StringIO()


@app.get("/note/<int:n>")
def note(n):
    log.write(f"visit {n} " * 100)
    if log.tell() > 100_000:
        log.seek(0)
        log.truncate()
    return "ok"


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
