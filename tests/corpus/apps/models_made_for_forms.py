"""A model for each form, made when it is first asked for, and forms are many."""

import pydantic
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


models = {}


def model_of(number):
    if number not in models:
        models[number] = pydantic.create_model(f"Form{number}", name=(str, ...), age=(int, 0))
    return models[number]


@app.get("/form/<int:n>")
def form(n):
    return model_of(n)(name=f"visitor {n}").model_dump_json()


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
