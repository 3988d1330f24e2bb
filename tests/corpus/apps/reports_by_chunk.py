"""A generator for each report, of which the first page is read, stays in a list to go on later."""

from flask import Flask

app = Flask(__name__)

running = []


def chunks(n):
    rows = [f"{n}-{k}" * 3 for k in range(200)]
    for at in range(0, 200, 10):
        yield rows[at : at + 10]


@app.get("/report/<int:n>")
def report(n):
    found = chunks(n)
    running.append(found)
    return ",".join(next(found))


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
