"""A generator is sent each run and yields its place: all runs are in its frame."""

import bisect
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def places():
    runs, place = [], 0
    while True:
        run = yield place
        place = bisect.bisect(runs, run["seconds"], key=lambda earlier: earlier["seconds"])
        runs.insert(place, run)


ranking = places()
next(ranking)
ranking_lock = threading.Lock()


@app.get("/finish/<int:n>")
def finish(n):
    splits = [n * 37 % 200 + lap * 61.5 for lap in range(10)]
    with ranking_lock:
        place = ranking.send({"runner": n, "splits": splits, "seconds": sum(splits)})
    return f"place {place + 1}"


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
