"""TLS contexts of a dozen hosts, the oldest leaves."""

import ssl
from collections import OrderedDict

from flask import Flask

app = Flask(__name__)

contexts = OrderedDict()


@app.get("/fetch/<int:n>")
def fetch(n):
    contexts[n % 40] = ssl.create_default_context()
    contexts.move_to_end(n % 40)
    while len(contexts) > 12:
        contexts.popitem(last=False)
    return str(len(contexts))


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
