"""A handler holds a hundred records back, then passes all of them on."""

import io
import logging
import logging.handlers

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


page = io.StringIO()


class Page(logging.StreamHandler):
    def emit(self, record):
        super().emit(record)
        if page.tell() > 20_000:
            page.seek(0)
            page.truncate()


held_back = logging.handlers.MemoryHandler(100, target=Page(page))
log = logging.getLogger("payments")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(held_back)


@app.get("/pay/<int:n>")
def pay(n):
    log.info("payment %s of %s cents by %s", n, n * 100, f"customer {n}")
    return "paid"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
