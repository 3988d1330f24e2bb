"""Results of a pool that nobody fetches."""

import concurrent.futures

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


pool = concurrent.futures.ThreadPoolExecutor(2)
pending = []


def compute(number):
    return [number * k for k in range(200)]


@app.get("/compute/<int:n>")
def start(n):
    pending.append(pool.submit(compute, n + 1000))
    return str(len(pending))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
