"""A cache by hand that throws out what was used longest ago."""

import collections
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


LIMIT = 200
pages = collections.OrderedDict()
changing = threading.Lock()


@app.get("/page/<int:n>")
def page(n):
    with changing:
        pages[n] = [f"line {k} of page {n}" for k in range(30)]
        if len(pages) > LIMIT:
            pages.popitem(last=False)
        return str(len(pages[n]))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
