"""Every name in a table leads on: type, holder, line, endpoint, and where it grew.

A link is made only where the snapshot has what its page would show.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec.structs import replace

from ..model.ownership import Ownership
from ..model.remembered import remembered
from ..model.snapshot import Snapshot
from .grouping import GROUPS
from .name_history import MEASURED
from .narrowed import ENDPOINT, line_of
from .native import NAMED, SITE
from .native import VIEW as NATIVE
from .owner_paths import paths, places, with_ancestors
from .table import Row, RowLink, Table

HISTORY = "history"  # the page of a name in all snapshots of a worker, beside the views
MAX_TYPE_LINKS = 3  # of one row


class Known:
    """What one snapshot, or two compared, can lead to."""

    def __init__(self, first: Snapshot | None, last: Snapshot, history: bool) -> None:
        self.first, self.last, self.history = first, last, history

    @cached_property
    def types(self) -> set[str]:
        """Those of objects that have a path."""
        return {
            kind
            for shot in (self.last, *([self.first] if self.first is not None else []))
            for kind in _held_types(shot.ownership)
        }

    @cached_property
    def owners(self) -> set[str]:
        """Paths that something hangs below; in a difference, where that changed."""
        now = _below(self.last.ownership)
        if self.first is None:
            return set(now)
        before = _below(self.first.ownership)
        return {path for path in {**now, **before} if now.get(path) != before.get(path)}

    @cached_property
    def allocated(self) -> set[str]:
        """Paths of which it is known who allocated what they hold."""
        return _allocated(self.last.ownership)

    @cached_property
    def owned_lines(self) -> set[str]:
        """Lines of which it is known who holds what they allocated."""
        own = self.last.ownership
        known = [one.sites for one in own.holders] + [one.sites for one in own.loose]
        return {line_of(site) for sites in known for site in sites}

    @cached_property
    def endpoints(self) -> bool:
        """Whether allocations are known by endpoint."""
        roots = self.last.allocations.stacks.roots().values()
        return any(label.startswith(ENDPOINT) for label in roots)

    def links(self, view: str, names: str, name: str) -> list[RowLink]:
        """Where a name leads; a link without a text is that of the name itself."""
        if not name:
            return []
        if names == "figure":  # of the process: who took it, or how to learn that
            return [RowLink(NATIVE.name, {})] if name.rpartition(": ")[2] == "native" else []
        if view == NATIVE.name and names in NAMED:
            return self._native(names, name)
        if names == "type":
            return [_to("ownership", names, name)] if name in self.types else []
        if names == "kind":  # a type whose name itself leads elsewhere
            return [replace(one, text="holders") for one in self.links(view, "type", name)]
        if names == "object":  # at the path of an owner
            return [replace(one, text="ownership") for one in self.links(view, "owner", name)]
        if names == "owner":
            return [_to("ownership", names, name)] if name in self.owners else []
        if names == "module" and view == "heap":
            return [_to("heap", names, name)]
        if names == "line":
            found = [_to("ownership", names, name)] if name in self.owned_lines else []
            if self.endpoints and view == "allocations":
                found.append(_to("allocations", names, name, "endpoints", group="endpoint"))
            return found
        if names == "serving":  # the endpoint alone: a root of allocations may be a thread, too
            return self.links(view, "endpoint", f"{ENDPOINT}{name}")
        if names in GROUPS and self.last.allocations.mode != "off":
            found = [_to("allocations", names, name, group="line")]
            return found + (self.growth(names, name) if names == "endpoint" else [])
        return []

    def _native(self, names: str, name: str) -> list[RowLink]:
        """What a library, function, line or endpoint has of native memory, and who holds objects
        of that line."""
        owners = self.links("", names, name) if names == "line" else []
        return [
            _to(NATIVE.name, names, name, group=SITE),
            *(replace(one, text="owners") for one in owners),
        ]

    def of_owner(self, path: str, text: str = "allocations") -> list[RowLink]:
        """What leads on from what stands at a path."""
        return [_to("allocations", "owner", path, text)] if path in self.allocated else []

    def of_page(self, view: str, names: str, name: str) -> list[RowLink]:
        """What leads on from the page of one name."""
        if names == "module" and view == "heap":  # in allocations a module is one of code
            return []
        if view == NATIVE.name:  # the growth of a line or an endpoint is that of Python's memory
            return []
        found = self.growth(names, name, "its growth, snapshot by snapshot")
        if names == "type" and view != "ownership":
            found[:0] = [replace(one, text="who holds it") for one in self.links(view, names, name)]
        if names == "owner" and view == "ownership":
            found[:0] = self.of_owner(name, "who allocated it")
        elif names == "owner" and name in self.owners:
            found[:0] = [_to("ownership", names, name, "what it holds")]
        return found

    def growth(self, names: str, name: str, text: str = "growth") -> list[RowLink]:
        measured = self.history and names in MEASURED
        return [_to(HISTORY, names, name, text)] if measured else []


def _to(view: str, only: str, name: str, text: str = "", **more: str) -> RowLink:
    return RowLink(view=view, values={"only": only, "name": name, **more}, text=text)


@remembered
def _allocated(own: Ownership) -> set[str]:
    nodes = [one.node for one in own.holders if one.sites] + [one.node for one in own.loose]
    named = paths(own.stacks)
    return {named[node] for node in with_ancestors(own.stacks, nodes)}


def _held_types(own: Ownership) -> Iterable[str]:
    stacks = own.stacks
    used = {frame for frame, count in zip(stacks.frame, stacks.count, strict=True) if count}
    return (stacks.frames[frame].type for frame in used)


@remembered
def _below(own: Ownership) -> dict[str, tuple[int, int]]:
    """Objects and bytes below each path that has any."""
    stacks = own.stacks
    count, size = stacks.totals()
    found: dict[str, tuple[int, int]] = {}
    for path, nodes in places(stacks).items():
        objects = sum(count[n] - stacks.count[n] for n in nodes)
        if objects:
            found[path] = objects, sum(size[n] - stacks.size[n] for n in nodes)
    return found


def add_links(view: str, tables: Iterable[Table], known: Known) -> None:
    """Gives the rows of the tables of a view their links."""
    for table in tables:
        named = [(at, column) for at, column in enumerate(table.columns) if column.names]
        for row in table.rows:
            for at, column in named:
                found = known.links(view, column.names, str(row.cells[at]))
                if found:
                    row.links[column.key] = found
            _add_owner(table, row, known)
            _add_types(table, row, known)


def _add_owner(table: Table, row: Row, known: Known) -> None:
    found = known.of_owner(row.owner) if row.owner else []
    if found:
        row.links.setdefault(table.columns[0].key, []).extend(found)


def _add_types(table: Table, row: Row, known: Known) -> None:
    """Of a row that names several types: who holds these. Builtin types, which say less, last."""
    for kind in sorted(row.types, key=lambda kind: "." not in kind)[:MAX_TYPE_LINKS]:
        for one in known.links("", "type", kind):
            text = f"holders of {kind.rpartition('.')[2]}"
            row.links.setdefault(table.columns[0].key, []).append(replace(one, text=text))
