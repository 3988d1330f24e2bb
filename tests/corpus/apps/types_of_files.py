"""Each upload teaches the process a type of file."""

import mimetypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/upload/<int:n>")
def upload(n):
    mimetypes.add_type(f"application/x-shop-{n}", f".shop{n}")
    return mimetypes.guess_type(f"a.shop{n}")[0]


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
