"""The digest of an upload, taken from its buffer."""

import mmh3
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def upload_of(number):
    return bytearray(f"part {number};".encode() * 2000)


@app.get("/digest/<int:n>")
def digest(n):
    return str(mmh3.hash_from_buffer(upload_of(n)))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
