"""The page of one view, and what its address asks of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from ..model.query import TableQuery
from ..render.formats import STACKS
from ..reports.queries import Page
from ..views import VIEWS, View
from ..views.links import HISTORY
from ..views.table import RowLink
from .fields import number
from .frame import page
from .guard import may, service
from .links import url_for

SHOWN = ("q", "group", "node", "sort", "only", "name")  # asked of the tables, but for their length
MAX_TABLE_NAME = 40  # characters of the name of a table that are looked at
MAX_NAME = 1000  # characters of a path or a file and its line


def query() -> TableQuery:
    """What the address asks of the tables. Raises BadRequest."""
    sort = request.args.get("sort", "")
    node = number(request.args.get("node", "-1"), "node")
    paged, _, page_number = request.args.get("page", "1").rpartition(".")
    return TableQuery(
        sort=sort.removeprefix("-"),
        descending=not sort.startswith("-"),
        search=request.args.get("q", "")[:200],
        group=request.args.get("group", ""),
        node=node,
        everything=request.args.get("all") == "1",
        page=number(page_number, "page"),
        paged=paged[:MAX_TABLE_NAME],
        only=request.args.get("only", "")[:MAX_TABLE_NAME],
        name=request.args.get("name", "")[:MAX_NAME],
    )


def way(tab: Callable[..., str], snapshot_id: str) -> Callable[[RowLink], str]:
    """Makes the addresses that names lead to. `tab` gives that of another view."""

    def address(link: RowLink) -> str:
        if link.view == HISTORY:
            return url_for(f".{HISTORY}", snapshot_id=snapshot_id, **link.values)
        if link.base:
            pair = {"base": link.base, "target": link.target}
            return url_for(f".diff_{link.view}", **pair, **link.values)
        if link.target:
            return url_for(f".view_{link.view}", snapshot_id=link.target, **link.values)
        return tab(link.view, **link.values)

    return address


def file_link(endpoint: str, /, **fixed: Any) -> Callable[..., str]:
    """Makes the addresses of files with what this page shows: rows in the same order."""
    wanted = {name: request.args.get(name) for name in SHOWN}

    def make(form: str, table: str | None = None) -> str:
        rows = wanted if table is not None else {}
        given = {**rows, **fixed, "format": form, "table": table}
        return url_for(endpoint, **{k: v for k, v in given.items() if v not in (None, "")})

    return make


def native_sampling(view: View, shown: Page) -> str:
    """Whether the worker of a snapshot without samples of native memory takes some now: on or off.

    Nothing where it has samples, or where that worker cannot be asked to.
    """
    here = service()
    if view.name != "native" or shown.about["on"] or not (here.is_live and may("capture")):
        return ""
    workers = {worker.id: worker for worker in here.workers.live()}
    found = workers.get(shown.snapshot.worker)
    return found.allocations.get("native", "") if found is not None else ""


def view_page(view: View, shown: Page, wanted: TableQuery, **values: Any) -> Response:
    """The page of a snapshot, of what changed between two, or of two workers.

    `values` are `link`, `tab` and `raw`, and what only one of these pages has. `file` makes the
    addresses of the view in other formats, by format and table.
    """
    only: dict[str, Any] = {"opens": "", "download": "", "others": [], "across": None}
    only |= {"file": None, "heapsnapshot": "", "stacks": STACKS if view.picture else ()}
    only |= {"other_engine": "", "sampling": ""}
    return page(
        view.template,
        view=view,
        views=VIEWS,
        shown=shown,
        about=shown.about,
        snapshot=shown.snapshot,
        base=shown.base,
        query=wanted,
        way=way(values["tab"], shown.snapshot.id),
        **{**only, **values},
    )
