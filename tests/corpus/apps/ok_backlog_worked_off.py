"""A pool that is slow but works off all it is given."""

import concurrent.futures

from flask import Flask

app = Flask(__name__)

pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)


@app.get("/resize/<int:n>")
def resize(n):
    picture = bytes(5_000)
    pool.submit(sum, picture)
    return str(n)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
