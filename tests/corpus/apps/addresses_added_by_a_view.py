"""Short addresses become rules of the app's own map."""

import werkzeug.routing
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/shorten/<int:n>")
def shorten(n):
    rule = werkzeug.routing.Rule(f"/s/{n:x}", endpoint="shorten", defaults={"n": n})
    app.url_map.add(rule)
    return rule.rule


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
