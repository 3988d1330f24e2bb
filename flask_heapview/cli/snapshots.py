"""Where the commands read snapshots: from a live service, or else from the store itself."""

from __future__ import annotations

import shutil
from typing import Any, BinaryIO, Protocol

from msgspec import Raw

from ..errors import NotFound
from ..model.api import DiffOf, Snapshots, ViewOf
from ..model.base import Model
from ..model.query import Export, TableQuery
from ..model.report import Report
from ..model.snapshot import SnapshotInfo
from ..render.formats import GRAPH, HEAPSNAPSHOT
from ..reports import exports, queries
from ..reports.service_queries import finished
from ..store.snapshots import Store
from ..views import VIEWS, View
from .place import find_service
from .service_api import ServiceApi, decoded, snapshot_path
from .stores import find_store


class SnapshotSource(Protocol):
    """What the reading commands need. Each method raises HeapViewError."""

    def listing(self) -> list[SnapshotInfo]:
        """The kept snapshots, the newest first."""

    def view(self, view: View, target: str) -> ViewOf:
        """One view of a snapshot."""

    def differences(self, base: str, target: str) -> DiffOf:
        """All views of two."""

    def report(self, base: str | None, target: str) -> Report:
        """The ticket."""

    def forget(self, snapshot_id: str) -> None:
        """Deletes one."""

    def pin(self, snapshot_id: str, keep: bool) -> None:
        """Exempts one from the limits, or ends that."""

    def save(self, snapshot_id: str, file: BinaryIO) -> None:
        """Writes the stored file into another one. Raises OSError for that one, too."""

    def export(
        self, view: View, base: str | None, target: str, wanted: Export, file: BinaryIO
    ) -> None:
        """Writes one view in another format, or its difference. Raises OSError, too."""

    def export_graph(self, target: str, file: BinaryIO) -> None:
        """Writes a graph capture for Chrome DevTools. Raises OSError, too."""


class StoredSnapshots:
    """Those of a store, read in this process."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def listing(self) -> list[SnapshotInfo]:
        return self.store.listing()

    def view(self, view: View, target: str) -> ViewOf:
        return queries.view(self.store, view.name, target)

    def differences(self, base: str, target: str) -> DiffOf:
        return queries.differences(self.store, base, target)

    def report(self, base: str | None, target: str) -> Report:
        return queries.report(self.store, base, target)

    def forget(self, snapshot_id: str) -> None:
        self.store.delete(snapshot_id)

    def pin(self, snapshot_id: str, keep: bool) -> None:
        self.store.pin(snapshot_id, keep)

    def save(self, snapshot_id: str, file: BinaryIO) -> None:
        with self.store.stored(snapshot_id) as stored:
            shutil.copyfileobj(stored, file)

    def export(
        self, view: View, base: str | None, target: str, wanted: Export, file: BinaryIO
    ) -> None:
        made = exports.export(self.store, view.name, base, target, wanted, TableQuery())
        file.write(made)

    def export_graph(self, target: str, file: BinaryIO) -> None:
        exports.write_graph(self.store, target, file)


class _RawView(Model, frozen=True):
    snapshot: SnapshotInfo
    view: str
    data: Raw


class _RawDiff(Model, frozen=True):
    base: SnapshotInfo
    target: SnapshotInfo
    views: dict[str, Raw]


class ServedSnapshots:
    """Those of a live service, which reads them in a process of its own."""

    def __init__(self, service: ServiceApi) -> None:
        self.service = service

    def listing(self) -> list[SnapshotInfo]:
        return self.service.get(Snapshots, "/snapshots").snapshots

    def view(self, view: View, target: str) -> ViewOf:
        found = self.service.get(_RawView, snapshot_path(target, f"/{view.name}"))
        data: Any = decoded(bytes(found.data), view.section)
        return ViewOf(snapshot=found.snapshot, view=view.name, data=data)

    def differences(self, base: str, target: str) -> DiffOf:
        found = self.service.get(_RawDiff, "/diff", base=base, target=target)
        views: dict[str, Any] = {
            view.name: decoded(bytes(found.views[view.name]), view.difference)
            for view in VIEWS
            if view.name in found.views
        }
        return DiffOf(base=found.base, target=found.target, views=views)

    def report(self, base: str | None, target: str) -> Report:
        return self.service.get(Report, "/report", base=base, target=target)

    def forget(self, snapshot_id: str) -> None:
        self.service.ask("DELETE", snapshot_path(snapshot_id))

    def pin(self, snapshot_id: str, keep: bool) -> None:
        self.service.ask("POST", snapshot_path(snapshot_id, "/pin"), {"pinned": keep})

    def save(self, snapshot_id: str, file: BinaryIO) -> None:
        self.service.save(snapshot_path(snapshot_id, "/download"), file)

    def export(
        self, view: View, base: str | None, target: str, wanted: Export, file: BinaryIO
    ) -> None:
        fields = {"format": wanted.form, "table": wanted.table, "weight": wanted.weight}
        if base is None:
            self.service.save(snapshot_path(target, f"/{view.name}"), file, fields)
        else:
            pair = {"base": base, "target": target, "view": view.name}
            self.service.save("/diff", file, {**pair, **fields})

    def export_graph(self, target: str, file: BinaryIO) -> None:
        self.service.save(snapshot_path(target, f"/{GRAPH}"), file, {"format": HEAPSNAPSHOT})


def find_snapshots() -> SnapshotSource:
    """Raises HeapViewError, or click's error where there is neither a service nor a store."""
    service = find_service()
    return StoredSnapshots(find_store()) if service is None else ServedSnapshots(service)


def pick(source: SnapshotSource, wanted: str | None, worker: str | None = None) -> SnapshotInfo:
    """A finished snapshot by id or label, the newest where none is named. Raises NotFound."""
    for info in _done(source) if wanted else _usual(source):
        if wanted in (None, info.id, info.label) and worker in (None, info.worker):
            return info
    if wanted:
        raise NotFound(f"There is no snapshot {wanted!r}: `list` shows them.")
    raise NotFound(
        "There is no snapshot yet: take one by `capture`, on the page, or by `attach PID`."
        if worker is None
        else "There is no snapshot of that worker yet."
    )


def oldest(source: SnapshotSource, target: SnapshotInfo) -> str | None:
    """The oldest one of the same worker; None where there is no other."""
    same = [
        info.id
        for info in _done(source)
        if info.worker == target.worker and info.engine_kind == target.engine_kind
    ]
    return same[-1] if same and same[-1] != target.id else None


def _done(source: SnapshotSource) -> list[SnapshotInfo]:
    return [info for info in source.listing() if info.state == "done"]


def _usual(source: SnapshotSource) -> list[SnapshotInfo]:
    """The finished ones without second opinions, the newest first."""
    usual = {info.id for done in finished(source.listing()).values() for info in done}
    return [info for info in _done(source) if info.id in usual]
