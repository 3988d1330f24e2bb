"""Planes of pictures are allocated in C; thirty are kept for the next picture."""

import ctypes
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
SIZE = 200_000
kept = []
changing = threading.Lock()


@app.get("/convert/<int:n>")
def convert(n):
    with changing:
        planes = [kept.pop() if kept else libc.malloc(SIZE) for _ in range(3 + n % 40)]
    for plane in planes:
        ctypes.memset(plane, n % 256, SIZE)
    with changing:
        kept.extend(planes)
        while len(kept) > 30:
            libc.free(kept.pop())
    return str(len(planes))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
