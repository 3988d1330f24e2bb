"""A pool of threads that grows to eight, and stays there."""

import concurrent.futures

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


pool = concurrent.futures.ThreadPoolExecutor(8)


@app.get("/work/<int:n>")
def work(n):
    return str(pool.submit(sum, range(n % 1000)).result())


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
