"""Tables of one name: who holds a type, who allocated for an owner, who owns what a line made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..analysis.growing_sites import same_site
from ..analysis.own_sites import added, sites_below
from ..model.ownership import Ownership, Site
from ..model.query import TableQuery
from ..model.snapshot import Snapshot
from .owner_paths import nodes_of, paths
from .table import Column, Row, Table, table

ENDPOINT = "endpoint "  # begins the label of a root of allocations
Figures = Mapping[str, tuple[int, int]]  # objects and bytes, by path
Narrowed = Callable[[Snapshot | None, Snapshot, TableQuery], list[Table]]

_HOLDER = Column("path", "Held by", "code", names="owner")
_DELTAS = [
    Column("count_delta", "Objects +/−", "delta"),
    Column("size_delta", "Size +/−", "delta_bytes"),
]
NOTHING = "Nothing here has that name."


def line_of(site: Site) -> str:
    """A place as the allocations by line name it."""
    return f"{site.file}:{site.line}" if site.file else site.function


def holders_of_type(first: Snapshot | None, last: Snapshot, query: TableQuery) -> list[Table]:
    """The paths under which objects of a type are; of a difference, with what changed there."""
    now = _of_type(last.ownership, query.name)
    before = _of_type(first.ownership, query.name) if first is not None else None
    columns = [Column("count", "Objects", "int"), Column("size", "Shallow size", "bytes")]
    return [_by_path("Who holds objects of this type", columns, before, now, query)]


def _of_type(own: Ownership, kind: str) -> Figures:
    stacks, found = own.stacks, dict[str, tuple[int, int]]()
    named = paths(stacks)
    wanted = {n for n, frame in enumerate(stacks.frames) if frame.type == kind}
    for node, frame in enumerate(stacks.frame):
        if frame in wanted and stacks.count[node]:
            path = named[node]
            count, size = found.get(path, (0, 0))
            found[path] = count + stacks.count[node], size + stacks.size[node]
    return found


def owners_of_line(first: Snapshot | None, last: Snapshot, query: TableQuery) -> list[Table]:
    """Who holds what was allocated at a line."""
    now = _of_line(last.ownership, query.name)
    before = _of_line(first.ownership, query.name) if first is not None else None
    columns = [Column("count", "Blocks", "int"), Column("size", "Allocated there", "bytes")]
    return [_by_path("Who holds what was allocated there", columns, before, now, query)]


def _of_line(own: Ownership, line: str) -> Figures:
    named = paths(own.stacks)
    rows = [(holder.path, holder.sites) for holder in own.holders]
    rows += [(named[one.node], one.sites) for one in own.loose]
    found: dict[str, tuple[int, int]] = {}
    for path, sites in rows:
        for site in sites:
            if line_of(site) == line:
                count, size = found.get(path, (0, 0))
                found[path] = count + site.count, size + site.size
    return found


def _by_path(
    title: str, columns: Sequence[Column], before: Figures | None, now: Figures, query: TableQuery
) -> Table:
    rows = []
    for path in {**now, **(before or {})}:
        count, size = now.get(path, (0, 0))
        cells: list[str | int] = [path, count, size]
        if before is not None:
            old_count, old_size = before.get(path, (0, 0))
            cells += [count - old_count, size - old_size]
        rows.append(Row(cells, owner=path))
    rows.sort(key=lambda row: (-row.cells[-1], -row.cells[2]))
    shown = [_HOLDER, *columns, *(_DELTAS if before is not None else ())]
    return table(title, shown, rows, query, name="holders", empty=NOTHING)


def sites_of_owner(first: Snapshot | None, last: Snapshot, query: TableQuery) -> list[Table]:
    """Where what an owner holds was allocated."""
    old = [] if first is None else _sites(first.ownership, query.name)
    before = {same_site(site): site for site in old}
    columns = [
        Column("place", "Allocated at", "code", names="line"),
        Column("more", "Function", "code"),
        Column("endpoint", "Endpoint", "code", names="serving"),
        Column("size", "Alive", "bytes"),
        Column("count", "Blocks", "int"),
    ]
    if first is not None:
        columns.append(Column("size_delta", "Alive +/−", "delta_bytes"))
    rows = []
    for site in _sites(last.ownership, query.name):
        cells = [line_of(site), site.function, site.endpoint or "", site.size, site.count]
        if first is not None:
            known = before.get(same_site(site))
            cells.append(site.size - (known.size if known is not None else 0))
        rows.append(Row(cells))
    rows.sort(key=lambda row: -row.cells[-1 if first is not None else 3])
    return [table("Who allocated what it holds", columns, rows, query, name="sites", empty=NOTHING)]


def _sites(own: Ownership, path: str) -> list[Site]:
    return added(sites_below(own, set(nodes_of(own.stacks, path))))
