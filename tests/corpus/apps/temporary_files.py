"""Temporary files that are deleted when they are closed, and never closed."""

import tempfile

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Uploads:
    def __init__(self):
        self.files = []

    def keep(self, text):
        file = tempfile.TemporaryFile()  # noqa: SIM115
        file.write(text.encode())
        self.files.append(file)


uploads = Uploads()


@app.get("/upload/<int:n>")
def upload(n):
    uploads.keep(f"text {n}" * 50)
    return str(len(uploads.files))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
