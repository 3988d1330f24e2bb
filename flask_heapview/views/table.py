"""Tables that a page sorts and searches, whatever the view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

Kind = Literal["text", "code", "int", "bytes", "delta", "delta_bytes", "ms", "ratio", "births"]
NUMERIC = frozenset(("int", "bytes", "delta", "delta_bytes", "ms", "ratio"))
ROWS_PER_PAGE = 200  # rows on a page until somebody asks for all


class Column(msgspec.Struct, frozen=True):
    key: str
    title: str
    kind: Kind = "text"

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC


class TableQuery(msgspec.Struct, frozen=True):
    """What the address asks of a page."""

    sort: str = ""
    descending: bool = True
    search: str = ""
    group: str = ""
    node: int = -1
    everything: bool = False


class Row(msgspec.Struct):
    cells: list[Any]
    node: int = -1  # where a click on the row leads
    note: str = ""
    opens: str = ""  # another page that it leads to, from the snapshot's own address


class Table(msgspec.Struct):
    """Rows under columns; `hidden` were left out for length."""

    title: str
    columns: list[Column]
    rows: list[Row]
    hidden: int = 0
    empty: str = "Nothing here."
    sort: str = ""
    descending: bool = True
    prefix: str = ""

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
    """Applies the query. `name` tells the tables of a page apart in `sort=name.column`."""
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
    hidden = 0 if query.everything else max(0, len(made) - ROWS_PER_PAGE)
    return Table(
        title=title,
        columns=list(columns),
        rows=made[: len(made) - hidden],
        hidden=hidden,
        empty=empty,
        sort=wanted if at is not None else "",
        descending=query.descending,
        prefix=prefix,
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
