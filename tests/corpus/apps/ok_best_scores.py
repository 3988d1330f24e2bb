"""The hundred and fifty best scores, each with the moves that led to it."""

import heapq
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


best = []
entering = threading.Lock()


@app.get("/score/<int:n>")
def score(n):
    moves = [f"move {k} of game {n}" for k in range(20)]
    with entering:
        if len(best) < 150:
            heapq.heappush(best, (n * 7919 % 10_007, n, moves))
        else:
            heapq.heappushpop(best, (n * 7919 % 10_007, n, moves))
        return str(best[0][0])


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
