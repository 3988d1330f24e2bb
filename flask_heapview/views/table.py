"""Tables that a page sorts and searches, whatever the view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from ..model.query import TableQuery

Kind = Literal["text", "code", "int", "bytes", "delta", "delta_bytes", "ms", "ratio", "births"]
NUMERIC = frozenset(("int", "bytes", "delta", "delta_bytes", "ms", "ratio"))
ROWS_PER_PAGE = 200  # rows on a page until somebody asks for all
MAX_ROWS = 5000  # rows on a page of somebody who asks for all: a browser still lays them out


class Column(msgspec.Struct, frozen=True):
    key: str
    title: str
    kind: Kind = "text"
    bar: bool = False  # a ratio that is drawn, too
    names: str = ""  # what its cells are the names of: see links.py

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC


class RowLink(msgspec.Struct, frozen=True):
    """Another page that a name leads to, with the same snapshots."""

    view: str
    values: dict[str, str]
    text: str = ""  # none where the name itself is the link
    base: str = ""  # of other snapshots
    target: str = ""


class Row(msgspec.Struct):
    cells: list[Any]
    node: int = -1  # where a click on the row leads
    note: str = ""
    opens: str = ""  # another page that it leads to, from the snapshot's own address
    owner: str = ""  # the path of the owner that the row is about
    types: list[str] = []  # that it names, where they have no column of their own
    links: dict[str, list[RowLink]] = {}  # by the column's key


class Table(msgspec.Struct):
    """Rows under columns: one page of those that the query asks for."""

    title: str
    columns: list[Column]
    rows: list[Row]
    empty: str = "Nothing here."
    sort: str = ""
    descending: bool = True
    prefix: str = ""
    total: int = 0  # rows on all pages
    page: int = 1
    pages: int = 1
    first: int = 1  # number of the first row on this page
    everything: bool = False

    @property
    def hidden(self) -> int:
        """How many rows are on other pages."""
        return max(0, self.total - len(self.rows))

    @property
    def most(self) -> int:
        """How many rows a page shows where all are asked for."""
        return MAX_ROWS

    @property
    def id(self) -> str:
        """Of its section in the page, where the links that sort and page lead."""
        return f"table-{self.prefix.rstrip('.') or 'rows'}"

    @property
    def name(self) -> str:
        """What tells it apart from the other tables of its page; "" where it has no name."""
        return self.prefix.removesuffix(".")


def table(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Row | Sequence[Any]],
    query: TableQuery,
    *,
    name: str = "",
    empty: str = "Nothing here.",
) -> Table:
    """Applies the query. `name` tells the tables of a page apart in `sort=name.column` and
    `page=name.2`."""
    made = [row if isinstance(row, Row) else Row(cells=list(row)) for row in rows]
    total = len(made)
    made = _searched(made, columns, query.search)
    if total and not made:
        empty = "Nothing matches the search."
    prefix = f"{name}." if name else ""
    wanted = query.sort.removeprefix(prefix) if query.sort.startswith(prefix) else ""
    at = next((n for n, column in enumerate(columns) if column.key == wanted), None)
    if at is not None:
        made.sort(key=lambda row: _key(row.cells[at]), reverse=query.descending)
    size = MAX_ROWS if query.everything else ROWS_PER_PAGE
    if query.whole:
        size = max(1, len(made))
    pages = max(1, -(-len(made) // size))
    page = min(max(1, query.page), pages) if query.paged == name else 1
    first = (page - 1) * size
    return Table(
        title=title,
        columns=list(columns),
        rows=made[first : first + size],
        empty=empty,
        sort=wanted if at is not None else "",
        descending=query.descending,
        prefix=prefix,
        total=len(made),
        page=page,
        pages=pages,
        first=first + 1,
        everything=query.everything,
    )


def _searched(rows: list[Row], columns: Sequence[Column], text: str) -> list[Row]:
    words = text.lower().split()
    if not words:
        return rows
    texts = [n for n, column in enumerate(columns) if not column.numeric]
    return [
        row
        for row in rows
        if all(any(word in str(row.cells[n]).lower() for n in texts) for word in words)
    ]


def _key(value: Any) -> tuple[int, Any]:
    """Unknown figures go to the end of a descending order."""
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value).lower())
