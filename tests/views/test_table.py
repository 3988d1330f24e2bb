"""Tables of pages: sorted and searched as a whole, and shown page by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from flask_heapview.render.html import environment
from flask_heapview.views.table import (
    MAX_ROWS,
    ROWS_PER_PAGE,
    Column,
    Row,
    Table,
    TableQuery,
    table,
)

COLUMNS = [Column("type", "Type", "code"), Column("size", "Size", "bytes")]
MANY = 98_231


def made(count: int = MANY, **asked: Any) -> Table:
    """Types t0, t1, …, each larger than the one before."""
    rows = ([f"shop.t{n}", n] for n in range(count))
    return table("By type", COLUMNS, rows, TableQuery(**asked), name=asked.get("paged", ""))


def html(shown: Table) -> str:
    """As a page has it; a link is its parameters, in order."""

    def link(**changes: Any) -> str:
        return "?" + "&".join(f"{k}={v}" for k, v in sorted(changes.items()) if v is not None)

    template: Any = environment().get_template("_table.html").module
    return str(template.show(shown, link))


def names(shown: Table) -> list[str]:
    return [row.cells[0] for row in shown.rows]


def test_pages_have_all_rows_once() -> None:
    pages = [made(450, page=page) for page in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [200, 200, 50]
    assert [page.first for page in pages] == [1, 201, 401]
    assert {(page.total, page.pages) for page in pages} == {(450, 3)}
    assert [name for page in pages for name in names(page)] == names(made(450, everything=True))


def test_what_is_sorted_and_searched_is_the_whole() -> None:
    assert names(made(sort="size"))[0] == f"shop.t{MANY - 1}"
    assert names(made(sort="size", page=2))[0] == f"shop.t{MANY - 201}"
    found = made(search="T9823")
    assert (found.total, found.pages) == (2, 1)
    assert names(found) == ["shop.t9823", "shop.t98230"]


@pytest.mark.parametrize(("page", "first"), [(-4, 1), (0, 1), (10**15, 98_201)])
def test_a_page_that_is_not_there_is_the_nearest(page: int, first: int) -> None:
    assert made(page=page).first == first


def test_a_page_is_that_of_the_table_it_names() -> None:
    assert made(page=2, paged="containers").first == ROWS_PER_PAGE + 1
    other = table("Paths", COLUMNS, [["t", n] for n in range(450)], TableQuery(page=2, paged="x"))
    assert other.first == 1


def test_all_rows_are_never_more_than_a_browser_lays_out() -> None:
    shown = made(everything=True, page=2)
    assert (len(shown.rows), shown.first, shown.pages) == (MAX_ROWS, MAX_ROWS + 1, 20)
    assert len(made(450, everything=True).rows) == 450


def test_the_way_to_other_pages() -> None:
    text = html(made(page=2))
    assert "Rows 201–400 of 98,231" in text
    assert "page 2 of 492" in text
    steps = re.findall(r'<a href="\?page=(\d+)#table-rows">(\w+)</a>', text)
    assert steps == [("1", "First"), ("1", "Previous"), ("3", "Next"), ("492", "Last")]
    assert 'href="?all=1#table-rows">Show 5,000 at a time' in text
    assert len(text) < 120_000
    assert "pager" not in html(made(12))
    assert '<span class="faint">First</span>' in html(made())
    assert 'href="?#table-rows">Fewer at a time' in html(made(everything=True))


def test_a_link_to_a_page_names_its_table() -> None:
    text = html(made(page=2, paged="types"))
    assert 'href="?page=types.3#table-types">Next' in text
    assert 'href="?sort=types.size#table-types"' in text


def test_a_table_reaches_the_page_as_it_was_made() -> None:
    """It is made in another process."""
    shown = made(450, page=3, sort="size")
    there = msgspec.json.decode(msgspec.json.encode(shown), type=Table)
    assert there == shown
    assert there.hidden == 400


def test_figures_that_a_browser_sorts_by_stand_beside_the_words() -> None:
    rows = [Row(["a", 1_500_000]), Row(["b", None])]
    text = html(table("Two", COLUMNS, rows, TableQuery()))
    cells: Callable[[str], list[str]] = re.compile(r"<td[^>]*>").findall
    assert [cell for cell in cells(text) if "num" in cell] == [
        '<td class="num " data-label="Size" data-v="1500000">',
        '<td class="num " data-label="Size">',
    ]
