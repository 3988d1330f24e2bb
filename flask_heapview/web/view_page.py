"""The page of one view, and what its address asks of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from ..render.formats import STACKS
from ..reports.queries import Page
from ..views import VIEWS, View
from ..views.table import TableQuery
from .fields import number
from .frame import page
from .links import url_for

SHOWN = ("q", "group", "node", "sort")  # what an address asks of the tables, but for their length


def query() -> TableQuery:
    """What the address asks of the tables. Raises BadRequest."""
    sort = request.args.get("sort", "")
    node = number(request.args.get("node", "-1"), "node")
    return TableQuery(
        sort=sort.removeprefix("-"),
        descending=not sort.startswith("-"),
        search=request.args.get("q", "")[:200],
        group=request.args.get("group", ""),
        node=node,
        everything=request.args.get("all") == "1",
    )


def file_link(endpoint: str, /, **fixed: Any) -> Callable[..., str]:
    """Makes the addresses of files with what this page shows: rows in the same order."""
    wanted = {name: request.args.get(name) for name in SHOWN}

    def make(form: str, table: str | None = None) -> str:
        rows = wanted if table is not None else {}
        given = {**rows, **fixed, "format": form, "table": table}
        return url_for(endpoint, **{k: v for k, v in given.items() if v not in (None, "")})

    return make


def view_page(view: View, shown: Page, wanted: TableQuery, **values: Any) -> Response:
    """The page of a snapshot, of what changed between two, or of two workers.

    `values` are `link`, `tab` and `raw`, and what only one of these pages has. `file` makes the
    addresses of the view in other formats, by format and table.
    """
    only: dict[str, Any] = {"opens": "", "download": "", "others": [], "across": None}
    only |= {"file": None, "heapsnapshot": "", "stacks": STACKS if view.picture else ()}
    return page(
        view.template,
        view=view,
        views=VIEWS,
        shown=shown,
        about=shown.about,
        snapshot=shown.snapshot,
        base=shown.base,
        query=wanted,
        **{**only, **values},
    )
