"""A cache in eight shards, each with a lock and a limit of its own."""

import collections
import threading
import zlib

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Shard:
    def __init__(self, most):
        self.most, self.kept, self.lock = most, collections.OrderedDict(), threading.Lock()

    def get(self, key, make):
        with self.lock:
            if key not in self.kept:
                self.kept[key] = make(key)
            self.kept.move_to_end(key)
            while len(self.kept) > self.most:
                self.kept.popitem(last=False)
            return self.kept[key]


shards = [Shard(24) for _ in range(8)]


@app.get("/profile/<int:n>")
def profile(n):
    key = f"user-{n}"
    shard = shards[zlib.crc32(key.encode()) % len(shards)]
    found = shard.get(
        key, lambda name: {"name": name, "groups": [f"{name}/{k}" for k in range(15)]}
    )
    return found["name"]


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
