"""A schema for the fields that a form happens to have."""

import marshmallow
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/form/<int:n>")
def form(n):
    fields = {name: marshmallow.fields.String() for name in ("name", "street", "town")}
    schema = type("FormSchema", (marshmallow.Schema,), fields)()
    return str(len(schema.fields) + n)


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
