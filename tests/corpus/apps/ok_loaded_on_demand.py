"""Reference data, loaded in pieces by the first requests, and then complete."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


countries = {}


@app.get("/country/<int:n>")
def country(n):
    key = n % 120
    if key not in countries:
        countries[key] = {"name": f"country {key}", "cities": [f"{key} {k}" for k in range(50)]}
    return countries[key]["name"]


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
