"""A registry that cannot change is replaced with a larger one for each form's schema."""

import threading

import jsonschema
import referencing
import referencing.jsonschema
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Forms:
    registry = referencing.Registry()
    adding = threading.Lock()

    @classmethod
    def add(cls, name, schema):
        resource = referencing.jsonschema.DRAFT202012.create_resource(schema)
        with cls.adding:
            cls.registry = cls.registry.with_resource(name, resource).crawl()

    @classmethod
    def accepts(cls, name, answer):
        validator = jsonschema.Draft202012Validator({"$ref": name}, registry=cls.registry)
        return validator.is_valid(answer)


Forms.add("form:empty", {"type": "object"})


@app.get("/form/<int:n>")
def form(n):
    fields = {f"field_{k}": {"type": "integer", "minimum": n + k} for k in range(10)}
    Forms.add(f"form:{n}", {"type": "object", "properties": fields})
    return str(Forms.accepts(f"form:{n}", {"field_1": n + 1}))


@app.get("/empty/<int:n>")
def empty(n):
    return str(Forms.accepts("form:empty", {"field_1": n}))
