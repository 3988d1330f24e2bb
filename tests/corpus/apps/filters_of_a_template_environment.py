"""A template filter with a name of its own for each request."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/page/<int:n>")
def page(n):
    words = [f"word {n} {k}" for k in range(20)]
    app.jinja_env.filters[f"words_{n}"] = lambda text: text + words[0]
    return str(len(app.jinja_env.filters))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
