"""A model whose rows are checked while they are read."""

from collections.abc import Iterable

import pydantic
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Import(pydantic.BaseModel):
    source: str
    rows: Iterable[str]


@app.get("/import/<int:n>")
def import_rows(n):
    rows = [f"row {k} of file {n}" for k in range(60)]
    checked = Import(source=f"file {n}", rows=rows)
    return str(sum(len(row) for row in checked.rows))


@app.get("/sorted/<int:n>")
def in_order(n):
    return ",".join(sorted(str(k) for k in range(n % 90)))
