"""Documents with a value that BSON does not know are refused."""

import bson
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Attachment:
    def __init__(self, name):
        self.name = name


@app.get("/store/<int:n>")
def store(n):
    document = {"_id": n, "text": f"page {n} " * 800, "file": Attachment(f"{n}.pdf")}
    try:
        return str(len(bson.encode(document)))
    except bson.errors.InvalidDocument:
        return "refused"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
