"""Resources: files, sockets, connections, threads, maps."""

from __future__ import annotations

from ..analysis import diff
from ..model.diff import ResourcesDiff
from ..model.ownership import Site
from ..model.query import TableQuery
from ..model.resources import Resources, Tally
from .base import View
from .narrowed import line_of
from .table import Column, Row, Table, table

_TALLY = [Column("name", "What"), Column("count", "Count", "int")]


def _tallies(
    title: str, rows: list[Tally], query: TableQuery, name: str, sized: bool = False
) -> Table:
    columns = [*_TALLY, Column("size", "Resident", "bytes")] if sized else _TALLY
    cells = [Row([t.name, t.count, t.size][: len(columns)]) for t in rows]
    return table(title, columns, cells, query, name=name)


def _site(sites: list[Site]) -> list[str]:
    """The place and its function; empty where they are not known."""
    return [line_of(sites[0]), sites[0].function] if sites else ["", ""]


def _tables(resources: Resources, query: TableQuery) -> list[Table]:
    held = [
        Column("type", "Type", "code", names="type"),
        Column("path", "Held by", "code", names="owner"),
        Column("count", "Open", "int"),
        Column("site", "Opened at", "code", names="line"),
        Column("function", "Function", "code"),
    ]
    threads = [
        Column("name", "Name"),
        Column("count", "Threads", "int"),
        Column("daemon", "Daemons", "int"),
    ]
    limit = f" of {resources.descriptor_limit:,}" if resources.descriptor_limit else ""
    return [
        table(
            "Objects that hold a resource open",
            held,
            [Row([o.type, o.path, o.count, *_site(o.sites)]) for o in resources.open_objects],
            query,
            name="held",
        ),
        _tallies(f"Descriptors: {resources.descriptors:,}{limit}", resources.by_kind, query, "fds"),
        _tallies("Sockets by state", resources.sockets, query, "sockets"),
        _tallies("Open files by directory", resources.files, query, "files"),
        table(
            f"Threads: {resources.thread_count:,}",
            threads,
            [Row([t.name, t.count, t.daemon]) for t in resources.threads],
            query,
            name="threads",
        ),
        _tallies("Mapped memory", resources.maps, query, "maps", sized=True),
        _tallies("Files in memory (tmpfs)", resources.in_memory, query, "tmpfs", sized=True),
    ]


def _diff_tables(resources: ResourcesDiff, query: TableQuery) -> list[Table]:
    columns = [
        Column("group", "Kind"),
        *_TALLY,
        Column("count_delta", "+/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
    ]
    rows = [
        Row([c.group, c.tally.name, c.tally.count, c.count_delta, c.size_delta])
        for c in resources.changes
    ]
    title = (
        f"Changes: {resources.descriptors_delta:+,} descriptors, "
        f"{resources.threads_delta:+,} threads"
    )
    return [
        table(title, columns, rows, query, empty="No resource was opened or closed in between.")
    ]


VIEW = View(
    name="resources",
    title="Resources",
    summary="What the process holds open: files, sockets, connections, threads, mapped memory.",
    section=Resources,
    difference=ResourcesDiff,
    diff=diff.resources,
    tables=_tables,
    diff_tables=_diff_tables,
)
