"""A buffer that is written to, and read by nobody."""

import io

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


frames = io.BytesIO()


@app.get("/frame/<int:n>")
def frame(n):
    frames.write(bytes(6000 + n % 100))
    return str(frames.tell())


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
