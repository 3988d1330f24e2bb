"""Messages with long texts come in as CBOR."""

import cbor2
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/message/<int:n>")
def message(n):
    sent = cbor2.dumps({"number": n, "text": "größe " * 15_000 + str(n)})
    return str(len(cbor2.loads(sent)["text"]))


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
