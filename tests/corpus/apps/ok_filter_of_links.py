"""A Bloom filter of fixed size; its pages become real as links are marked in it."""

import hashlib
import mmap
import struct

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


SIZE = 1 << 24
seen = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


@app.get("/crawl/<int:n>")
def crawl(n):
    new = 0
    for k in range(10):
        digest = hashlib.blake2b(f"https://example.com/{n}/{k}".encode(), digest_size=16).digest()
        marks = [number % SIZE for number in struct.unpack("4I", digest)]
        new += not all(seen[mark] for mark in marks)
        for mark in marks:
            seen[mark] = 1
    return str(new)


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
