"""A small leak beside a large one, of different endpoints."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


pictures, names = [], {}


@app.get("/picture/<int:n>")
def picture(n):
    pictures.append(bytes(40_000 + n % 100))
    return str(len(pictures))


@app.get("/name/<int:n>")
def name(n):
    names[n] = f"name {n}" * 5
    return str(len(names))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
