"""What the address asks of the tables of a page."""

from __future__ import annotations

from flask import request

from ..views.table import TableQuery
from .fields import number


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
