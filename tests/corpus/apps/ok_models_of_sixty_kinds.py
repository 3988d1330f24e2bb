"""A model for each kind of form, of which there are sixty."""

import pydantic
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


models = {}


def model_of(kind):
    if kind not in models:
        models[kind] = pydantic.create_model(f"Form{kind}", name=(str, ...), age=(int, 0))
    return models[kind]


@app.get("/form/<int:n>")
def form(n):
    return model_of(n // 2 % 60)(name=f"visitor {n}").model_dump_json()


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
