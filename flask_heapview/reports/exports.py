"""Views as files for other programs, and a graph capture for Chrome DevTools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, cast, get_args

import msgspec

from .._version import __version__
from ..errors import BadRequest, StoreError
from ..model.query import Export, TableQuery
from ..model.snapshot import Snapshot
from ..render import csv, heapsnapshot
from ..render.collapsed import Weight
from ..render.formats import CSV, GRAPH, HEAPSNAPSHOT, JSON, formats_of, render_stacks
from ..render.weights import weights_of
from ..store.directory import explain
from ..store.snapshots import Store
from ..views import View
from ..views.icicle import Weighed
from ..views.table import Table
from .queries import graph_file, pair, tables_of, view_named


def require_format(view: View, wanted: Export) -> None:
    """Raises BadRequest where a view has no such format, with those that it has."""
    there = formats_of(view)
    if wanted.form not in there:
        raise BadRequest(f"{view.name} has no format {wanted.form!r}. It has {_listed(there)}.")
    if wanted.weight not in get_args(Weight):
        raise BadRequest(f"weight must be one of {', '.join(get_args(Weight))}.")


def require_graph_format(form: str) -> None:
    """Raises BadRequest where a graph has no such format."""
    if form != HEAPSNAPSHOT:
        raise BadRequest(f"{GRAPH} has no format {form!r}. It has {HEAPSNAPSHOT}.")


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def export(
    store: Store, name: str, base: str | None, target: str | None, wanted: Export, query: TableQuery
) -> bytes:
    """One view of a snapshot as a file, or its difference where there is a base.

    Raises BadRequest, NotFound, Conflict.
    """
    view = view_named(name)
    require_format(view, wanted)
    if wanted.form == JSON:
        raise BadRequest("JSON is the answer without a format.")
    first: Snapshot | None = None
    if base is None:
        last = store.load(target or "")
        data = view.read(last)
    else:
        first, last = pair(store, base, target)
        data = view.diff(first, last)
    if wanted.form == CSV:
        whole = msgspec.structs.replace(query, whole=True, paged="", page=1)
        tables = tables_of(view, first, last, data, whole)
        return csv.render(_chosen(tables, view, wanted.table))
    picture = view.picture if first is None else view.diff_picture
    assert picture is not None  # it has the format
    return _stacks(picture(data, last), view, first, last, wanted)


def _stacks(
    tree: Weighed, view: View, first: Snapshot | None, last: Snapshot, wanted: Export
) -> bytes:
    weights = weights_of(
        tree,
        view.name,
        last.info,
        first.info if first is not None else None,
        getattr(view.read(last), "sample_bytes", 1),  # of those that rest on samples
    )
    return render_stacks(wanted.form, weights, cast(Weight, wanted.weight), __version__)


def _chosen(tables: list[Table], view: View, wanted: str) -> Table:
    """The table of that name. Raises BadRequest with those that there are."""
    named = {table.name or view.name: table for table in tables}
    if wanted and wanted not in named:
        raise BadRequest(f"There is no table {wanted!r}. There is {_listed(tuple(named))}.")
    return named[wanted] if wanted else tables[0]


# --- the graph


def write_graph(store: Store, target: str | None, file: BinaryIO) -> None:
    """Writes a graph capture as a .heapsnapshot. Raises NotFound, Conflict, CorruptSnapshot, and
    OSError."""
    heapsnapshot.write(graph_file(store, target), file)


def save_graph(store: Store, target: str | None, part: Path) -> None:
    """The same, into a new file, mode 0600. Raises StoreError, too: it is large."""
    graph = graph_file(store, target)
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            heapsnapshot.write(graph, file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(explain(error, store.directory)) from error
