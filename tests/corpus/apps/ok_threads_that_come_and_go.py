"""A thread sends each mail after the answer; its own letter and buffer end with it."""

import threading
import time

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


own = threading.local()


def send(number):
    own.buffer = bytearray(b"x" * 200_000)
    own.letter = [f"line {k} of letter {number}" for k in range(50)]
    time.sleep(0.15)
    own.buffer[:10] = b"sent......"


@app.get("/mail/<int:n>")
def mail(n):
    threading.Thread(target=send, args=(n,), daemon=True).start()
    return "on its way"


@app.get("/square/<int:n>")
def square(n):
    table = [[row * column for column in range(20)] for row in range(n % 25)]
    return str(len(table))
