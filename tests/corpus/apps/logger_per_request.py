"""A logger named after each request: the logging module keeps them all."""

import logging

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/log/<int:n>")
def log(n):
    logger = logging.getLogger(f"requests.r{n}")
    logger.debug("served %s", n)
    return logger.name


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
