"""The page of one view, and what its address asks of the tables."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from ..reports.queries import Page
from ..views import VIEWS, View
from ..views.table import TableQuery
from .fields import number
from .frame import page


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


def view_page(view: View, shown: Page, wanted: TableQuery, **values: Any) -> Response:
    """The page of a snapshot, of what changed between two, or of two workers.

    `values` are `link`, `tab` and `raw`, and what only one of these pages has.
    """
    only: dict[str, Any] = {
        "opens": "",
        "download": "",
        "others": [],
        "across": None,
        "other_engine": "",
    }
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
