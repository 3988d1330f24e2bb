"""Questions about stored snapshots, as one process puts them to another."""

from __future__ import annotations

from typing import Literal

from .base import Model

What = Literal[
    "view",
    "diff",
    "report",
    "service",
    "across",
    "page",
    "across_page",
    "object",
    "objects",
    "cut",
    "object_page",
    "objects_page",
    "cut_page",
    "name_history",
    "has_values",
    "export",
    "export_graph",
    "opinions",
]


class TableQuery(Model, frozen=True):
    """What the address asks of a page."""

    sort: str = ""
    descending: bool = True
    search: str = ""
    group: str = ""
    node: int = -1
    everything: bool = False  # as many rows as a browser lays out
    whole: bool = False  # all rows, however many: for a file
    page: int = 1  # of the table `paged`, from 1
    paged: str = ""  # by its name
    only: str = ""  # what is shown is that of one name: type, owner, line, endpoint, …
    name: str = ""


class Export(Model, frozen=True):
    """What is wanted of a view."""

    form: str
    table: str = ""  # of CSV; "" is the first one
    weight: str = "bytes"  # of collapsed stacks


class WorkerRef(Model, frozen=True):
    """A worker: its number is what people see, 0 where it is not listed."""

    number: int  # from 1 on; 0 where it is not listed
    id: str


class Query(Model, frozen=True):
    """A question about snapshots."""

    directory: str
    what: What
    target: str | None = None
    base: str | None = None
    view: str = ""
    number: int = -1  # of an object, or of a type
    referrer: int = -1  # of an object whose reference is cut
    query: TableQuery = TableQuery()
    values: bool = False  # whether who asks may see keys
    export: Export | None = None  # the file that is wanted of a view
    part: str = ""  # the file in the directory that a graph is written into
    workers: list[WorkerRef] = []  # the live ones, where the question is about all of them
