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
from ..model.query import TableQuery
from ..model.report import Report
from ..model.retained import Cut, ObjectDetail, ObjectList
from ..model.snapshot import Snapshot, SnapshotInfo
from ..model.stacks import Stacks
from ..render.sentences.verdict import with_sentences
from ..store import suspects
from ..store.snapshots import Store
from ..views import BY_NAME, VIEWS, View
from ..views.drawing import Drawing
from ..views.icicle import Icicle, icicle
from ..views.links import Known, add_links
from ..views.name_history import MEASURED, NameHistory, moment_of
from ..views.owner_paths import nodes_of, path_of
from ..views.table import RowLink, Table
from ..views.tree import crumbs
from ..views.treemap import Treemap

if TYPE_CHECKING:
    from ..graphs.read import GraphFile

OWN_NAME = "flask-heapview"  # among a report's versions
MAX_OBJECTS = 200  # listed of one type
MAX_SNAPSHOTS_BETWEEN = 8  # snapshots between base and target that the judge looks at, the newest
MAX_HISTORY = 10  # snapshots that the history of a name goes back


class Page(Model, frozen=True):
    """What a page of one view shows: a picture, tables, the way down a tree, and single figures."""

    snapshot: SnapshotInfo
    base: SnapshotInfo | None
    tables: list[Table]
    crumbs: list[tuple[int, str]]
    about: dict[str, Any]
    picture: Icicle | None = None
    drawing: Drawing | None = None
    treemap: Treemap | None = None
    leads: list[RowLink] = []  # where the one name leads that the page is about


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
    return graph_file(store, target).detail(index)


def cut(store: Store, target: str | None, referrer: int, index: int) -> Cut:
    """What would be free in a graph capture if one object referred no longer to another."""
    graph = graph_file(store, target)
    from ..graphs.cut import cut as cut_in

    return cut_in(graph, referrer, index)


def objects(store: Store, target: str | None, kind: int) -> ObjectList:
    """The biggest objects of one type of a graph capture; of all where `kind` is -1."""
    return graph_file(store, target).biggest(kind, MAX_OBJECTS)


def graph_file(store: Store, target: str | None) -> GraphFile:
    """The graph of a snapshot. Raises NotFound, Conflict, CorruptSnapshot."""
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
        two = pair(store, base, target)
        return page_of_two(two, shown, query, bool(earlier(store, two[1].info)))
    last = store.load(target or "")
    data = shown.read(last)
    return _page(shown, None, last, data, query, bool(earlier(store, last.info)))


def page_of_two(
    two: tuple[Snapshot, Snapshot], shown: View, query: TableQuery, history: bool = False
) -> Page:
    """The difference of two snapshots, by one view."""
    first, last = two
    return _page(shown, first, last, shown.diff(first, last), query, history)


def _page(
    shown: View,
    first: Snapshot | None,
    last: Snapshot,
    data: Any,
    query: TableQuery,
    history: bool,
) -> Page:
    stacks = _stacks_of(data)
    query = _aimed(shown, stacks, query)
    tables = tables_of(shown, first, last, data, query)
    known = Known(first, last, history)
    add_links(shown.name, tables, known)
    draw = shown.picture if first is None else shown.diff_picture
    picture = draw(data, last) if draw is not None and not query.only else None
    drawn = (shown.draw if first is None else shown.diff_draw) if not query.only else None
    return Page(
        snapshot=last.info,
        base=first.info if first is not None else None,
        tables=tables,
        crumbs=crumbs(stacks, query.node) if stacks is not None else [],
        about=_figures(data, last),
        picture=icicle(picture, query.node, query.search) if picture is not None else None,
        drawing=drawn(data) if drawn is not None else None,
        treemap=_treemap(shown, first, last, data, query),
        leads=known.of_page(shown.name, *_about(shown, stacks, query)),
    )


def _treemap(
    shown: View, first: Snapshot | None, last: Snapshot, data: Any, query: TableQuery
) -> Treemap | None:
    if first is None:
        return None if shown.treemap is None else shown.treemap(data, last, query)
    return None if shown.diff_treemap is None else shown.diff_treemap(data, first, last, query)


def tables_of(
    shown: View, first: Snapshot | None, last: Snapshot, data: Any, query: TableQuery
) -> list[Table]:
    """The tables of a view, or of its difference, that the query asks for."""
    query = _aimed(shown, _stacks_of(data), query)
    narrowed = shown.narrowed.get(query.only)
    if narrowed is not None:
        return narrowed(first, last, query)
    return (shown.tables if first is None else shown.diff_tables)(data, query)


def _stacks_of(data: Any) -> Stacks | None:
    tree = getattr(data, "tree", None)
    return tree.stacks if tree else getattr(data, "stacks", None)


def _aimed(shown: View, stacks: Stacks | None, query: TableQuery) -> TableQuery:
    """The query, at the node of the owner that it may name."""
    if query.only == "owner" and shown.name == "ownership" and stacks is not None:
        return _at_owner(stacks, query)
    return query


def _about(shown: View, stacks: Stacks | None, query: TableQuery) -> tuple[str, str]:
    """What the page's one name is the name of, and the name; both empty where there is none."""
    if shown.name == "ownership" and stacks is not None and 0 <= query.node < len(stacks):
        return "owner", path_of(stacks, query.node)
    return query.only, query.name


def _at_owner(stacks: Stacks, query: TableQuery) -> TableQuery:
    """The query for the node of an owner's path. Raises NotFound."""
    nodes = nodes_of(stacks, query.name)
    if not nodes:
        raise NotFound("No owner has that path here.")
    above = set(stacks.parent)  # of several, one that holds something
    node = next((node for node in nodes if node in above), nodes[0])
    return msgspec.structs.replace(query, node=node, only="", name="")


def earlier(store: Store, info: SnapshotInfo) -> list[SnapshotInfo]:
    """Older snapshots of the same worker by the same engine, the newest first."""
    return [
        other
        for other in store.listing()
        if other.state == "done"
        and (other.worker, other.engine_kind) == (info.worker, info.engine_kind)
        and other.clock < info.clock
    ]


def name_history(store: Store, target: str | None, only: str, name: str) -> NameHistory:
    """What one name had in each snapshot of a worker up to one of them, the oldest first."""
    if only not in MEASURED:
        raise BadRequest(f"only must be one of {', '.join(MEASURED)}.")
    last = store.info(target or "")
    infos = [last, *earlier(store, last)[: MAX_HISTORY - 1]][::-1]
    moments = [moment_of(store.load(info.id), only, name) for info in infos]
    return NameHistory(only=only, name=name, moments=moments)


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
