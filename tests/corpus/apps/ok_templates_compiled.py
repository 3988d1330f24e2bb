"""Forty templates, compiled when they are first used."""

from flask import Flask, render_template_string

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/page/<int:n>")
def page(n):
    text = "".join(f"{{{{ n + {k} }}}} " for k in range(n % 40 + 1))
    return render_template_string(text, n=n)


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
