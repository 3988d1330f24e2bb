"""A command is started for each request, read to its end, and waited for."""

import subprocess

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/print/<int:n>")
def print_page(n):
    done = subprocess.run(["echo", f"page {n}"], capture_output=True, text=True, check=True)
    return done.stdout


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
