"""A TLS context for each host that was ever asked for."""

import ssl

from flask import Flask

app = Flask(__name__)

contexts = {}


@app.get("/fetch/<int:n>")
def fetch(n):
    if n not in contexts:
        contexts[n] = ssl.create_default_context()
    return str(len(contexts[n].get_ciphers()))


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
