"""Each picture's planes are allocated in C, and one of the three is not freed."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]


@app.get("/convert/<int:n>")
def convert(n):
    size = 150_000 + n * 977 % 60_000
    planes = [libc.malloc(ctypes.c_size_t(size)) for _ in range(3)]
    for plane in planes:
        ctypes.memset(plane, n % 256, size)
    for plane in planes[:2]:
        libc.free(plane)
    return f"{size} pixels"


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
