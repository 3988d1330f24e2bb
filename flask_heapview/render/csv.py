"""A view's table as CSV (RFC 4180): plain figures, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from ..model.births import Births
from ..views.table import Column, Table

_UNITS = {"bytes": "_bytes", "delta_bytes": "_bytes", "ms": "_ms", "births": "_bytes"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what begins a formula, by OWASP's "CSV Injection"
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+")  # a figure that a view has worded


def render(table: Table) -> bytes:
    """The table with a heading. Notes on rows are a column of their own.

    A heading is the column's key and the unit of its figures. A figure that is not known is empty.
    """
    noted = any(row.note for row in table.rows)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_heading(column) for column in table.columns] + ["notes"] * noted)
    for row in table.rows:
        cells = [
            _cell(column, value) for column, value in zip(table.columns, row.cells, strict=True)
        ]
        writer.writerow(cells + [_text(row.note)] * noted)
    return file.getvalue().encode()


def _heading(column: Column) -> str:
    return column.key + _UNITS.get(column.kind, "")


def _cell(column: Column, value: Any) -> Any:
    if isinstance(value, Births):
        return " ".join(map(str, value.size))
    if value is None or (column.numeric and isinstance(value, int | float)):
        return value
    return _text(str(value))


def _text(text: str) -> str:
    """Text that stays text in a spreadsheet."""
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    return f"'{text}" if text.startswith(_FORMULA) else text
