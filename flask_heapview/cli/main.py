"""`flask heapview …`: the snapshots of an app, read on the host that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..errors import HeapViewError
from ..model.report import Report
from ..model.snapshot import SnapshotInfo
from ..render import json as as_json
from ..render import markdown
from ..render.html import ago_text
from ..reports import queries
from ..store.snapshots import Store
from ..text import bytes_text, number_text
from ..views import VIEWS, View
from ..views.table import Table, TableQuery
from .attach import attach_command
from .check import check_command
from .stores import find_store
from .terminal import cell, say

heapview = AppGroup(
    "heapview",
    help="Snapshots of this app's memory.",
    params=[
        click.Option(
            ["--dir", "directory"],
            type=click.Path(file_okay=False, path_type=Path),
            help="The store to read. Default: the app's own, HEAPVIEW_DIR, or that of attach.",
        )
    ],
)
heapview.add_command(check_command)
heapview.add_command(attach_command)
MAX_ROWS = 30


def _store() -> Store:
    group = click.get_current_context().parent
    return find_store(None if group is None else group.params.get("directory"))


def _pick(store: Store, wanted: str | None) -> str:
    """A snapshot by id or label; the newest where none is named."""
    done = [info for info in store.listing() if info.state == "done"]
    for info in done:
        if wanted in (None, info.id, info.label):
            return info.id
    raise click.ClickException(
        f"There is no snapshot {wanted!r}: see `flask heapview list`."
        if wanted
        else "There is no snapshot yet: capture one on the page, by POST /api/v1/snapshots, "
        "or by `flask heapview attach PID`."
    )


@heapview.command("list", with_appcontext=False)
def list_snapshots() -> None:
    """List the kept snapshots, newest first."""
    rows = _store().listing()
    for info in rows:
        size = bytes_text(info.size)
        say(
            f"{cell(info.id)}  {info.state:8} {_requests(info):>9} requests  {size:>9}  "
            f"{cell(ago_text(info.taken_at)):>10}  worker {cell(info.worker)}  {cell(info.label)}"
        )
    if not rows:
        say("No snapshots.")


def _requests(info: SnapshotInfo) -> str:
    return f"{info.requests.total:,}" if info.requests.known else "unknown"


@heapview.command("report", with_appcontext=False)
@click.argument("base", required=False)
@click.argument("target", required=False)
@click.option("--json", "raw", is_flag=True, help="Print the report as JSON.")
def show_report(base: str | None, target: str | None, raw: bool) -> None:
    """Print the verdict on two snapshots, by id or label. Default: the first and the last."""
    store = _store()
    last = _pick(store, target)
    first = _pick(store, base) if base else _oldest(store, last)
    report = _tell(queries.report, store, first, last)
    assert isinstance(report, Report)
    say(as_json.encode(report).decode() if raw else markdown.render(report))


def _oldest(store: Store, target: str) -> str | None:
    worker = store.info(target).worker
    same = [i.id for i in store.listing() if i.state == "done" and i.worker == worker]
    return same[-1] if same[-1] != target else None


def _tell(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except HeapViewError as error:
        raise click.ClickException(error.detail) from None


def _command(view: View) -> click.Command:
    @click.argument("snapshot", required=False)
    @click.option("--base", help="Show what changed since this snapshot.")
    @click.option("--search", default="", help="Show only rows that contain this text.")
    @click.option("--json", "raw", is_flag=True, help="Print the whole view as JSON.")
    def show(snapshot: str | None, base: str | None, search: str, raw: bool) -> None:
        store = _store()
        target = _pick(store, snapshot)
        first = _pick(store, base) if base else None
        if raw and first is None:
            say(as_json.encode(_tell(queries.view, store, view.name, target)).decode())
            return
        if raw:
            whole = _tell(queries.differences, store, first, target)
            say(as_json.encode(whole.views[view.name]).decode())
            return
        page = _tell(queries.page, store, view.name, first, target, TableQuery(search=search))
        for table in page.tables:
            say(table_text(table))

    return heapview.command(view.name, help=view.summary, with_appcontext=False)(show)


def table_text(table: Table) -> str:
    """A table for a terminal."""
    lines = [table.title, "-" * len(table.title)]
    cells = [
        [_cell(column.kind, value) for column, value in zip(table.columns, row.cells, strict=True)]
        for row in table.rows[:MAX_ROWS]
    ]
    if not cells:
        return "\n".join([*lines, table.empty, ""])
    titles = [column.title for column in table.columns]
    widths = [max(len(row[n]) for row in [titles, *cells]) for n in range(len(titles))]
    for row in [titles, *cells]:
        parts = [
            text.rjust(width) if column.numeric else text.ljust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    more = len(table.rows) - MAX_ROWS + table.hidden
    return "\n".join([*lines, *([f"… {more:,} more rows"] if more > 0 else []), ""])


def _cell(kind: str, value: Any) -> str:
    if kind in ("bytes", "delta_bytes"):
        return bytes_text(value)
    if kind == "ratio":
        return "–" if value is None else f"{value:.1%}"
    return (
        number_text(value) if isinstance(value, int | float) or value is None else cell(str(value))
    )


for _view in VIEWS:
    _command(_view)
