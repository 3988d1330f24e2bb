"""The command that writes files: a ticket, a whole snapshot, or a view for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from ..errors import BadRequest
from ..model.query import Export
from ..render import json as as_json
from ..render.collapsed import Weight
from ..render.formats import FORMATS, HEAPSNAPSHOT
from ..reports.exports import require_format
from ..views import BY_NAME, VIEWS, View
from .output import output_option, written
from .place import ServiceCommand
from .snapshots import find_snapshots, pick
from .stored import find_report


@click.command("export", cls=ServiceCommand)
@click.argument("base", required=False)
@click.argument("target", required=False)
@click.option("--snapshot", metavar="ID", help="Export this snapshot instead: see `open`.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Of a view or a graph.")
@click.option("--view", "name", type=click.Choice(list(BY_NAME)), help="Default: ownership.")
@click.option("--table", default="", help="Of CSV, this table of the view.")
@click.option(
    "--weight",
    type=click.Choice(get_args(Weight)),
    default="bytes",
    show_default=True,
    help="Of collapsed stacks.",
)
@output_option
def export_command(
    base: str | None,
    target: str | None,
    snapshot: str | None,
    form: str | None,
    name: str | None,
    table: str,
    weight: str,
    output: Path | None,
) -> None:
    """Write a file: the verdict as a JSON ticket, one whole snapshot, or a view.

    `flask-heapview open FILE` shows a ticket, or a snapshot by --snapshot, on another machine.
    With --format it is a view of one snapshot, or the difference of two.
    """
    if output is None:
        raise click.UsageError("Name the file by --output. The file - is standard output.")
    if snapshot is not None and (base is not None or form is not None):
        raise click.UsageError("Use --snapshot without other snapshots and without --format.")
    if form is None and (name is not None or table):
        raise click.UsageError("Name the format of the view by --format.")
    if snapshot is not None:
        _save(snapshot, output)
    elif form is None:
        data = as_json.encode(find_report(base, target))
        with written(output) as file:
            file.write(data)
    elif form == HEAPSNAPSHOT:
        if target is not None or name is not None:
            raise click.UsageError("A heapsnapshot is of one graph capture, and has no views.")
        _save_graph(base, output)
    else:
        view = BY_NAME[name or VIEWS[0].name]
        _save_view(base, target, view, Export(form, table, weight), output)


def _save(snapshot: str, output: Path) -> None:
    source = find_snapshots()
    wanted = pick(source, snapshot)
    with written(output) as file:
        source.save(wanted.id, file)


def _save_graph(snapshot: str | None, output: Path) -> None:
    source = find_snapshots()
    wanted = pick(source, snapshot)
    with written(output) as file:
        source.export_graph(wanted.id, file)


def _save_view(
    base: str | None, target: str | None, view: View, wanted: Export, output: Path
) -> None:
    """One snapshot that is named is shown by itself, two are compared."""
    try:
        require_format(view, wanted)
    except BadRequest as error:
        raise click.UsageError(error.detail) from None
    source = find_snapshots()
    last = pick(source, target or base).id
    first = pick(source, base).id if base and target else None
    with written(output) as file:
        source.export(view, first, last, wanted, file)
