"""A handler holds records back until an error comes, and none does."""

import logging
import logging.handlers

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


held_back = logging.handlers.MemoryHandler(capacity=10**7, flushLevel=logging.CRITICAL)
log = logging.getLogger("payments")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(held_back)


@app.get("/pay/<int:n>")
def pay(n):
    log.info("payment %s of %s cents", n, n * 100)
    return "paid"


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
