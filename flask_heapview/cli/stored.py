"""The commands that read snapshots, and keep them or not: of a live service, or of a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from ..errors import BadRequest
from ..model.births import Births
from ..model.query import TableQuery
from ..model.report import Report
from ..model.snapshot import SnapshotInfo
from ..render import json as as_json
from ..render import markdown, ticket
from ..render import text as plain
from ..render.html import ago_text
from ..render.markup import Flavor
from ..text import bars_text, bytes_text, ms_text, number_text, percent_text
from ..views import BY_NAME, VIEWS, View
from ..views.table import Table
from .output import output_option, written
from .place import ServiceCommand
from .snapshots import ServedSnapshots, SnapshotSource, find_snapshots, oldest, pick
from .targets import find
from .terminal import cell, say

MAX_ROWS = 30
FORMATS: dict[str, Callable[[Report], str]] = {
    "text": plain.render,
    "markdown": markdown.render,
    "json": lambda report: as_json.encode(report).decode(),
}


@click.command("list", cls=ServiceCommand)
def list_command() -> None:
    """List the kept snapshots, newest first."""
    rows = find_snapshots().listing()
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


# --- the report


@click.command("report", cls=ServiceCommand)
@click.argument("base", required=False)
@click.argument("target", required=False)
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True
)
@click.option("--json", "raw", is_flag=True, help="The same as --format json.")
@click.option(
    "--flavor",
    type=click.Choice(get_args(Flavor)),
    help="A ticket in the markup of this tracker.",
)
@click.option("--worker", metavar="ID|N", help="The first and the last snapshot of this worker.")
@output_option
def report_command(
    base: str | None,
    target: str | None,
    form: str,
    raw: bool,
    flavor: Flavor | None,
    worker: str | None,
    output: Path | None,
) -> None:
    """Print the verdict on two snapshots, by id or label. Default: the first and the last."""
    if flavor is not None and (raw or form == "json"):
        raise click.UsageError("Use either --flavor or JSON.")
    report = find_report(base, target, worker)
    text = ticket.render(report, flavor) if flavor else FORMATS["json" if raw else form](report)
    if output is None:
        say(text)
    else:
        with written(output) as file:
            file.write(text.encode())


def find_report(base: str | None, target: str | None, worker: str | None = None) -> Report:
    """The verdict on two snapshots by id or label; by default the first and the last one."""
    source = find_snapshots()
    last = pick(source, target, _worker_id(source, worker))
    return source.report(pick(source, base).id if base else oldest(source, last), last.id)


def _worker_id(source: SnapshotSource, wanted: str | None) -> str | None:
    """The id of a worker that is named by its number. One that has ended has only its id."""
    if wanted is None or not (wanted.isdigit() and isinstance(source, ServedSnapshots)):
        return wanted
    return find(source.service.workers(), wanted).id


# --- views and differences


@click.command("diff", cls=ServiceCommand)
@click.argument("base", required=False)
@click.argument("target", required=False)
@click.option(
    "--view",
    "name",
    type=click.Choice(list(BY_NAME)),
    default=VIEWS[0].name,
    show_default=True,
    help="What to compare.",
)
@click.option("--search", default="", help="Show only rows that contain this text.")
@click.option("--json", "raw", is_flag=True, help="Print the whole difference as JSON.")
def diff_command(base: str | None, target: str | None, name: str, search: str, raw: bool) -> None:
    """Show what changed between two snapshots, by id or label. Default: the first and the last."""
    source = find_snapshots()
    last = pick(source, target)
    first = pick(source, base).id if base else oldest(source, last)
    if first is None:
        raise BadRequest("There is only one snapshot of that worker. Take another one first.")
    _show_difference(source, BY_NAME[name], first, last.id, search, raw)


def _show_difference(
    source: SnapshotSource, view: View, base: str, target: str, search: str, raw: bool
) -> None:
    data = source.differences(base, target).views[view.name]
    if raw:
        say(as_json.encode(data).decode())
    else:
        _show_tables(view.diff_tables(data, TableQuery(search=search)))


def view_command(view: View) -> click.Command:
    """The command that shows one view."""

    @click.command(view.name, cls=ServiceCommand, help=view.summary)
    @click.argument("snapshot", required=False)
    @click.option("--base", help="Show what changed since this snapshot.")
    @click.option("--search", default="", help="Show only rows that contain this text.")
    @click.option("--json", "raw", is_flag=True, help="Print the whole view as JSON.")
    def show(snapshot: str | None, base: str | None, search: str, raw: bool) -> None:
        source = find_snapshots()
        target = pick(source, snapshot)
        if base:
            _show_difference(source, view, pick(source, base).id, target.id, search, raw)
            return
        found = source.view(view, target.id)
        if raw:
            say(as_json.encode(found).decode())
        else:
            _show_tables(view.tables(found.data, TableQuery(search=search)))

    return show


def _show_tables(tables: list[Table]) -> None:
    for table in tables:
        say(table_text(table))


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
    if kind == "ms":
        return ms_text(value)
    if kind == "ratio":
        return percent_text(value)
    if isinstance(value, Births):
        return bars_text(value.drawn)
    return (
        number_text(value) if isinstance(value, int | float) or value is None else cell(str(value))
    )


# --- keeping and forgetting


@click.command("forget", cls=ServiceCommand)
@click.argument("snapshot")
def forget_command(snapshot: str) -> None:
    """Delete a snapshot, by its id."""
    find_snapshots().forget(snapshot)
    say(f"Snapshot {cell(snapshot)} is deleted.")


@click.command("pin", cls=ServiceCommand)
@click.argument("snapshot")
@click.option("--undo", is_flag=True, help="Let the limits drop it again.")
def pin_command(snapshot: str, undo: bool) -> None:
    """Keep a snapshot, given by its id or label, whatever the limits say."""
    source = find_snapshots()
    wanted = pick(source, snapshot)
    source.pin(wanted.id, not undo)
    say(f"Snapshot {cell(wanted.id)} is {'no longer pinned' if undo else 'pinned'}.")
