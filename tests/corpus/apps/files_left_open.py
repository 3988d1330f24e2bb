"""Open files in a list, for later."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


opened = []


@app.get("/read/<int:n>")
def read(n):
    file = open(__file__)  # noqa: SIM115
    opened.append(file)
    return file.readline()


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
