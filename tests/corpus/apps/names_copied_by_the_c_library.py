"""Two views copy texts into memory of the C library, and free none."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p


def copied(text):
    return libc.strdup(text.encode())


@app.get("/label/<int:n>")
def label(n):
    return str(len([copied(f"label {k} of parcel {n} " * 12) for k in range(60)]))


@app.get("/stamp/<int:n>")
def stamp(n):
    return str(len([copied(f"stamp {k} of letter {n} " * 6) for k in range(60)]))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
