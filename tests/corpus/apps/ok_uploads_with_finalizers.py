"""Eighty uploads can be resumed; the file of one that is forgotten goes with its object."""

import collections
import os
import tempfile
import weakref

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Upload:
    def __init__(self, number):
        self.number, self.parts = number, [f"part {k} of {number}" for k in range(10)]
        handle, self.path = tempfile.mkstemp()
        os.write(handle, b"x" * 500)
        os.close(handle)
        weakref.finalize(self, os.unlink, self.path)


newest = collections.deque(maxlen=80)


@app.get("/upload/<int:n>")
def upload(n):
    newest.append(Upload(n))
    return newest[-1].path


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
