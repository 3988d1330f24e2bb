"""Numbers of pipes are taken from the system, and nothing closes them."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/signal/<int:n>")
def signal(n):
    reader, writer = os.pipe()
    os.write(writer, str(n).encode())
    return os.read(reader, 20)


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
