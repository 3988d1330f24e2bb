"""Tables as CSV: plain figures, and cells that a spreadsheet leaves alone."""

from __future__ import annotations

import csv
import io

import pytest

from flask_heapview.model.births import Births
from flask_heapview.model.query import TableQuery
from flask_heapview.render.csv import render
from flask_heapview.views.table import Column, Row, table

COLUMNS = [
    Column("path", "Path", "code"),
    Column("size", "Size", "bytes"),
    Column("size_delta", "Size +/−", "delta_bytes"),
    Column("pause", "Pause", "ms"),
    Column("hits", "Hit rate", "ratio"),
    Column("born", "Oldest to newest", "births"),
]


def read(*rows: Row) -> list[list[str]]:
    data = render(table("t", COLUMNS, rows, TableQuery(everything=True)))
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_figures_are_plain() -> None:
    births = Births(size=(1, 20, 0))
    heads, full, empty = read(
        Row(["app.kept", 38_200_000, -5, 1.25, 0.5, births]),
        Row(["lib", 0, None, None, None, None]),
    )
    assert heads == ["path", "size_bytes", "size_delta_bytes", "pause_ms", "hits", "born_bytes"]
    assert full == ["app.kept", "38200000", "-5", "1.25", "0.5", "1 20 0"]
    assert empty == ["lib", "0", "", "", "", ""]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@"),
        ("\t=1", "'\t=1"),
        ('a,"b"\nc', 'a,"b"\nc'),
        ("31,234", "31234"),
        ("-1,234,567", "-1234567"),
        ("1,23", "1,23"),
    ],
)
def test_names_are_no_formulas(name: str, cell: str) -> None:
    rows = read(Row([name, 1, 1, 1.0, 1.0, None], note=name))
    assert rows[0][-1] == "notes"
    assert (rows[1][0], rows[1][-1]) == (cell, cell)


def test_all_rows_are_there() -> None:
    rows = read(*(Row([f"n{n}", n, 0, 0.0, 0.0, None]) for n in range(500)))
    assert len(rows) == 501
