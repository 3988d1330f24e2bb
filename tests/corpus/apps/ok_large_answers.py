"""Large answers that are streamed, and gone."""

from flask import Flask, Response

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/stream/<int:n>")
def stream(n):
    rows = [f"{n} {k}\n" for k in range(3000)]
    return Response(iter(rows), mimetype="text/plain")


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
