"""One element of each parsed document is kept, and with it all of the tree."""

import lxml.etree
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


newest = []


@app.get("/feed/<int:n>")
def feed(n):
    items = "".join(f"<item id='{k}'><t>{n} {k}</t></item>" for k in range(300))
    newest.append(lxml.etree.fromstring(f"<feed>{items}</feed>")[0])
    return str(len(newest))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
