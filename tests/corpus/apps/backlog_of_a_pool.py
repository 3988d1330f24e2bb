"""One thread works off what every request hands to it, and is slower than they come."""

import concurrent.futures
import threading

from flask import Flask

app = Flask(__name__)

pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
gate = threading.Event()
pool.submit(gate.wait)


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
