"""Snapshots of the store, taken in pairs: what may be compared, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from .._version import __version__
from ..analysis.judge import judge
from ..errors import BadRequest, Conflict, DifferentEngines, DifferentWorkers, NotFound
from ..graphs.loader import WHY_NOT as WHY_NO_GRAPHS
from ..model.api import DiffOf, ViewOf
from ..model.base import Model
from ..model.report import Report
from ..model.retained import ObjectDetail, ObjectList
from ..model.snapshot import Snapshot, SnapshotInfo
from ..model.stacks import Stacks
from ..render.sentences.verdict import with_sentences
from ..store import suspects
from ..store.snapshots import Store
from ..views import BY_NAME, VIEWS, View
from ..views.icicle import Icicle, Weighed, icicle
from ..views.table import Table, TableQuery
from ..views.tree import crumbs

if TYPE_CHECKING:
    from ..graphs.read import GraphFile

OWN_NAME = "flask-heapview"  # among a report's versions
MAX_OBJECTS = 200  # listed of one type
MAX_SNAPSHOTS_BETWEEN = 8  # snapshots between base and target that the judge looks at, the newest


class Page(Model, frozen=True):
    """What a page of one view shows: a picture, tables, the way down a tree, and single figures."""

    snapshot: SnapshotInfo
    base: SnapshotInfo | None
    tables: list[Table]
    crumbs: list[tuple[int, str]]
    about: dict[str, Any]
    picture: Icicle | None = None


def pair(store: Store, base: str | None, target: str | None) -> tuple[Snapshot, Snapshot]:
    """Two snapshots of one worker, the older first. Raises BadRequest, NotFound, Conflict."""
    if not base or not target:
        raise BadRequest("Name two snapshots: ?base=ID&target=ID.")
    if base == target:
        raise BadRequest("Base and target are the same snapshot. Choose two different ones.")
    first, last = store.info(base), store.info(target)
    if first.worker != last.worker:
        raise DifferentWorkers((first.worker, last.worker))
    if first.engine_kind != last.engine_kind:
        raise DifferentEngines
    if first.clock > last.clock:
        raise BadRequest("The base was taken after the target: swap them.")
    return store.load(base), store.load(target)


def between(store: Store, base: Snapshot, target: Snapshot) -> list[Snapshot]:
    """Both, and what the same worker's captures saw in between."""
    rows = [
        info
        for info in store.listing()
        if info.state == "done"
        and info.worker == target.info.worker
        and info.engine_kind == target.info.engine_kind
        and base.info.clock < info.clock < target.info.clock
    ]
    inner = [store.load(info.id) for info in reversed(rows[:MAX_SNAPSHOTS_BETWEEN])]
    return [base, *inner, target]


def judge_in_words(snapshots: Sequence[Snapshot]) -> Report:
    """The report on snapshots of one worker, the oldest first. Raises DifferentWorkers."""
    found = judge(snapshots)
    versions = {**found.versions, OWN_NAME: __version__}
    return with_sentences(msgspec.structs.replace(found, versions=versions))


def report(store: Store, base: str | None, target: str | None) -> Report:
    """The ticket on two snapshots, or on one; the suspects in a live worker are kept."""
    if not target:
        raise BadRequest(
            "Name a snapshot: ?target=ID, and ?base=ID to compare with. "
            "Or ask for all workers: ?worker=all."
        )
    if not base:
        return judge_in_words([store.load(target)])
    found = judge_in_words(between(store, *pair(store, base, target)))
    suspects.keep(store.directory, found)
    return found


def view(store: Store, name: str, target: str | None) -> ViewOf:
    """One view of one snapshot."""
    snapshot = store.load(target or "")
    return ViewOf(snapshot=snapshot.info, view=name, data=view_named(name).read(snapshot))


def has_values(store: Store, target: str | None) -> bool:
    """Whether a stored file has keys of the app's dictionaries."""
    return Store(store.directory).load(target or "").has_values


def one_object(store: Store, target: str | None, index: int) -> ObjectDetail:
    """One object of a graph capture."""
    return _graph(store, target).detail(index)


def objects(store: Store, target: str | None, kind: int) -> ObjectList:
    """The biggest objects of one type of a graph capture; of all where `kind` is -1."""
    return _graph(store, target).biggest(kind, MAX_OBJECTS)


def _graph(store: Store, target: str | None) -> GraphFile:
    if WHY_NO_GRAPHS:
        raise Conflict(f"Graph captures cannot be read here. {WHY_NO_GRAPHS}")
    from ..graphs.read import GraphFile

    info = store.info(target or "")
    return GraphFile(store.graph(info.id))


def differences(store: Store, base: str | None, target: str | None) -> DiffOf:
    """All views, as differences."""
    first, last = pair(store, base, target)
    views = {each.name: each.diff(first, last) for each in VIEWS}
    return DiffOf(base=first.info, target=last.info, views=views)


def page(store: Store, name: str, base: str | None, target: str | None, query: TableQuery) -> Page:
    """One view for a page, of one snapshot or of the difference of two."""
    shown = view_named(name)
    if base is not None:
        return page_of_two(pair(store, base, target), shown, query)
    last = store.load(target or "")
    data = shown.read(last)
    tables, stacks = shown.tables(data, query), getattr(data, "stacks", None)
    picture = shown.picture(data, last) if shown.picture else None
    return _page(last, None, tables, stacks, query, _figures(data, last), picture)


def page_of_two(two: tuple[Snapshot, Snapshot], shown: View, query: TableQuery) -> Page:
    """The difference of two snapshots, by one view."""
    first, last = two
    data = shown.diff(first, last)
    tree = getattr(data, "tree", None)
    tables, stacks = shown.diff_tables(data, query), tree.stacks if tree else None
    picture = shown.diff_picture(data, last) if shown.diff_picture else None
    return _page(last, first, tables, stacks, query, _figures(data, last), picture)


def _page(
    last: Snapshot,
    first: Snapshot | None,
    tables: list[Table],
    stacks: Stacks | None,
    query: TableQuery,
    about: dict[str, Any],
    picture: Weighed | None,
) -> Page:
    return Page(
        snapshot=last.info,
        base=first.info if first is not None else None,
        tables=tables,
        crumbs=crumbs(stacks, query.node) if stacks is not None else [],
        about=about,
        picture=icicle(picture, query.node, query.search) if picture is not None else None,
    )


def view_named(name: str) -> View:
    """The view of that name. Raises NotFound."""
    if name not in BY_NAME:
        raise NotFound(f"There is no view {name!r}: there are {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def _figures(data: Any, last: Snapshot) -> dict[str, Any]:
    """The single figures of a section, for the sentences above its tables."""
    values = {name: getattr(data, name) for name in data.__struct_fields__}
    found = {k: v for k, v in values.items() if v is None or isinstance(v, int | float | str)}
    if "domains" in values:
        found["domains"] = values["domains"]
    container = last.process.container
    return {**found, "container_usage": container.usage, "container_limit": container.limit}
