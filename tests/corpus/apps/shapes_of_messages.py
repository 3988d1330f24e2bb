"""Each message gets a structure of its own, and a pointer to it."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/parse/<int:n>")
def parse(n):
    shape = type(f"Message{n}", (ctypes.Structure,), {"_fields_": [("head", ctypes.c_int)]})
    pointer = ctypes.POINTER(shape)
    return str(pointer(shape(n)).contents.head)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
