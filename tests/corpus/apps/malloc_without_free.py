"""Memory of the C library that a binding never gives back."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p


@app.get("/render/<int:n>")
def render(n):
    size = 60_000 + n % 1000
    ctypes.memset(libc.malloc(ctypes.c_size_t(size)), 1, size)
    return "rendered"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
