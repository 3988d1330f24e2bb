"""Eight threads take large blocks in turn: the allocator keeps an arena for each."""

import concurrent.futures

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


pool = concurrent.futures.ThreadPoolExecutor(8)


def checksum(number):
    blocks = [bytearray(20_000 + number * k % 90_000) for k in range(20)]
    return sum(len(block) for block in blocks)


@app.get("/check/<int:n>")
def check(n):
    return str(sum(pool.map(checksum, range(n, n + 6))))


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
