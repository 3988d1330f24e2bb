"""Contexts that are copied to run something in, and kept."""

import collections
import contextvars

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


request_id = contextvars.ContextVar("request_id")
contexts = collections.deque()


@app.get("/run/<int:n>")
def run(n):
    request_id.set([n] * 50)
    contexts.append(contextvars.copy_context())
    return str(len(contexts))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
