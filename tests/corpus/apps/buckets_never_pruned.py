"""A bucket of times for each visitor: its limit is kept, the buckets are, too."""

import collections
import time

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Limiter:
    def __init__(self, limit):
        self.limit = limit
        self.buckets = collections.defaultdict(collections.deque)

    def allows(self, visitor):
        times = self.buckets[visitor]
        times.append(time.monotonic())
        while times[0] < time.monotonic() - 60:
            times.popleft()
        return len(times) <= self.limit


limiter = Limiter(10)


@app.get("/try/<int:n>")
def attempt(n):
    return str(limiter.allows(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"))


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
