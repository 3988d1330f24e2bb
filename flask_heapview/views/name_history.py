"""One name through the snapshots of a worker: where it grew."""

from __future__ import annotations

from typing import Any

from ..model.base import Model
from ..model.query import TableQuery
from ..model.snapshot import Snapshot, SnapshotInfo
from .grouping import GROUPS, grouped
from .owner_paths import nodes_of
from .table import Column, Row, RowLink, Table, table

MEASURED = ("type", "owner", *GROUPS)  # what a name may be of
TOLD_BY = {"type": "heap", "owner": "ownership"}  # the view that has it; else allocations


class Moment(Model, frozen=True):
    """What a name had in one snapshot."""

    snapshot: SnapshotInfo
    count: int = 0  # objects or blocks
    size: int = 0  # bytes


class NameHistory(Model, frozen=True):
    """The same name in several snapshots of one worker, the oldest first."""

    only: str
    name: str
    moments: list[Moment]


def moment_of(snapshot: Snapshot, only: str, name: str) -> Moment:
    """What a name had in a snapshot; `only` says what it is the name of."""
    if only == "type":
        found = [(row.count, row.size) for row in snapshot.heap.types if row.type == name]
    elif only == "owner":
        stacks = snapshot.ownership.stacks
        count, size = stacks.totals()
        found = [(count[node], size[node]) for node in nodes_of(stacks, name)]
    else:
        kept = snapshot.allocations
        columns = [kept.stacks.count, kept.stacks.size]
        sums = grouped(kept.stacks, kept.app_frames, only, columns, (only, name))
        found = [(round(one.sums[0]), round(one.sums[1])) for one in sums]
    return Moment(snapshot.info, sum(n for n, _ in found), sum(size for _, size in found))


def history_table(found: NameHistory, query: TableQuery) -> Table:
    """A row for each snapshot, with what came since the one before."""
    what = "Objects" if found.only in TOLD_BY else "Blocks"
    columns = [
        Column("snapshot", "Snapshot"),
        Column("taken", "Taken at"),
        Column("requests", "Requests", "int"),
        Column("count", what, "int"),
        Column("size", "Size", "bytes"),
        Column("count_delta", f"{what} +/−", "delta"),
        Column("size_delta", "Size +/−", "delta_bytes"),
    ]
    before: Moment | None = None
    rows = []
    for now in found.moments:
        rows.append(_row(found, before, now))
        before = now
    return table("Snapshot by snapshot, the oldest first", columns, rows, query)


def _row(found: NameHistory, before: Moment | None, now: Moment) -> Row:
    info = now.snapshot
    asked = {"only": found.only, "name": found.name}
    view = TOLD_BY.get(found.only, "allocations")
    cells: list[Any] = [
        info.label or info.id,
        info.taken_at,
        info.requests.total if info.requests.known else None,
        now.count,
        now.size,
        now.count - before.count if before is not None else None,
        now.size - before.size if before is not None else None,
    ]
    links = [RowLink(view, asked, target=info.id)] if now.count else []
    if before is not None and (now.count, now.size) != (before.count, before.size):
        # of a type, who holds what came says more than its row in the heap
        shown = "ownership" if found.only == "type" else view
        pair = before.snapshot.id, info.id
        links.append(RowLink(shown, asked, "what changed", *pair))
    return Row(cells, links={"snapshot": links})
