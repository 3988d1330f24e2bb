"""Answers in a generic envelope, for tables whose columns are known only now."""

import threading
import typing

import pydantic
import pydantic.generics
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


Row = typing.TypeVar("Row")
making = threading.Lock()


class Page(pydantic.generics.GenericModel, typing.Generic[Row]):
    rows: list[Row]


def page_of(table, number):
    fields = {f"{table}_{k}": (int, ...) for k in range(4)}
    model = pydantic.create_model(f"Row of {table}", **fields)
    return Page[model](rows=[dict.fromkeys(fields, number)])


@app.get("/export/<int:n>")
def export(n):
    tables = ("order", "item", "customer", "address", "payment", "parcel", "refund", "note")
    with making:
        return str(sum(len(page_of(table, n).json()) for table in tables))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
