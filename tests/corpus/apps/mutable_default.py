"""A list as a default argument: it is made once, and kept."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def add(line, lines=[]):  # noqa: B006
    lines.append(line)
    return len(lines)


@app.get("/add/<int:n>")
def add_line(n):
    return str(add({"n": n, "text": f"text {n} " * 20}))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
