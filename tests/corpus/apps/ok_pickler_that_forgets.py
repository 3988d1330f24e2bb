"""One pickler for all messages: it is told to forget after each."""

import io
import pickle
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


stream = io.BytesIO()
pickler = pickle.Pickler(stream)
writing = threading.Lock()


@app.get("/send/<int:n>")
def send(n):
    with writing:
        stream.seek(0)
        stream.truncate()
        pickler.dump({"number": n, "lines": [f"line {k} of {n}" for k in range(20)]})
        pickler.clear_memo()
        return str(len(stream.getvalue()))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
