"""A pair of sockets a request: a wake-up channel that is never closed."""

import socket

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


channels = {}


@app.get("/open/<int:n>")
def open_channel(n):
    channels[n] = socket.socketpair()
    return str(len(channels))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
