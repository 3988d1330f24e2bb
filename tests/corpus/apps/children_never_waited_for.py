"""Commands are started, and neither waited for nor read."""

import subprocess

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


children = {}


@app.get("/print/<int:n>")
def print_page(n):
    children[n] = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    return f"job {children[n].pid}"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
