"""Tables of differences, reworded where the two snapshots are of different workers."""

from __future__ import annotations

import msgspec

from .table import Column, Table

# what is told of the time between two snapshots, and what of two processes
TITLES = {
    "What changed, by path": "What differs, by path",
    "Containers that changed": "Containers that differ",
    "Collections between the snapshots": "Collections in each worker",
    "Memory before and after": "Memory in each worker",
}
EMPTY = {
    "No type changed.": "No type differs.",
    "No native memory came or went.": "They hold the same native memory.",
    "No resource was opened or closed in between.": "They hold the same resources open.",
}
CHANGES = "Changes"  # begins the title of a table
SHARED = "container: "  # begins the name of a figure that the workers have in common
OF_TIME = ("allocated", "requests", "per_request")  # columns that mean nothing of two processes


def as_comparison(table: Table, base: str, target: str) -> Table:
    """The table with columns for two workers, by their names."""
    kept = [n for n, column in enumerate(table.columns) if column.key not in OF_TIME]
    title = TITLES.get(table.title, table.title)
    if title.startswith(CHANGES):
        title = f"Differences{title.removeprefix(CHANGES)}"
    rows = [
        msgspec.structs.replace(row, cells=[row.cells[n] for n in kept])
        for row in table.rows
        if not str(row.cells[0]).startswith(SHARED)
    ]
    return msgspec.structs.replace(
        table,
        title=title,
        columns=[_column(table.columns[n], base, target) for n in kept],
        rows=rows,
        total=table.total - (len(table.rows) - len(rows)),
        empty=EMPTY.get(table.empty, table.empty),
    )


def _column(column: Column, base: str, target: str) -> Column:
    names = {"Before": base.capitalize(), "After": target.capitalize()}
    title = names.get(column.title, column.title)
    if title.endswith(" now"):
        title = f"{title.removesuffix(' now')} in {target}"
    return msgspec.structs.replace(column, title=title)
