"""An engine with its pool and its caches for each tenant that asks."""

import sqlalchemy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


engines = {}


@app.get("/tenant/<int:n>")
def tenant(n):
    engines[n] = sqlalchemy.create_engine("sqlite://")
    return str(len(engines))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
