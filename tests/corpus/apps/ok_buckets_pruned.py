"""A bucket of times for each visitor, and the empty ones are thrown away."""

import collections
import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Limiter:
    def __init__(self, window):
        self.window = window
        self.buckets = collections.OrderedDict()
        self.counting = threading.Lock()

    def count(self, visitor):
        now = time.monotonic()
        with self.counting:
            self.buckets.setdefault(visitor, []).append(now)
            while self.buckets and next(iter(self.buckets.values()))[-1] < now - self.window:
                self.buckets.popitem(last=False)
            return len(self.buckets[visitor])


limiter = Limiter(window=2)


@app.get("/try/<int:n>")
def attempt(n):
    return str(limiter.count(f"visitor-{n}"))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
