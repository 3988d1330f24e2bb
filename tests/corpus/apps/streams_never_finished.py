"""Uploads come in parts, and each has a decompressor: those that break off keep theirs."""

import zlib

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


streams = {}


def sent_by(number):
    text = "".join(f"{number * k % 9973}," for k in range(3000))
    return zlib.compress(text.encode(), 1)


def received(upload, part):
    stream = streams.setdefault(upload, zlib.decompressobj())
    text = stream.decompress(part)
    if stream.eof:
        del streams[upload]
    return text


@app.get("/upload/<int:n>")
def upload(n):
    body = sent_by(n)
    return str(len(received(f"upload-{n}", body[: len(body) * 9 // 10])))


@app.get("/whole/<int:n>")
def whole(n):
    return str(len(received(f"whole-{n}", sent_by(n))))
