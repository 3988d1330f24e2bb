"""What version 0.1.0 wrote is read.

The captures in snapshots_0_1_0 were taken by that version and compressed with xz. The first two are
of one worker of a tiny shop, whose dict app.baskets gained 200 entries in between. The third has a
graph, which that version's own code cut down to 2,500 objects. The fourth is of the portable
engine.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from flask_heapview.model.query import TableQuery
from flask_heapview.model.snapshot import SnapshotInfo
from flask_heapview.reports import queries
from flask_heapview.store.snapshots import Store
from flask_heapview.views import BY_NAME, VIEWS

WRITTEN = Path(__file__).parent / "snapshots_0_1_0"
QUERY = TableQuery()
NAMES = [view.name for view in VIEWS]
LABELS = ["before", "after", "graph", "portable"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("old") / "heapview")
    home = made.open()
    for path in WRITTEN.iterdir():
        (home / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
    return made


@pytest.fixture(scope="module")
def by_label(store: Store) -> dict[str, SnapshotInfo]:
    return {info.label: info for info in store.listing()}


def test_all_are_listed_with_their_figures(store: Store, by_label: dict[str, SnapshotInfo]) -> None:
    assert [info.label for info in store.listing()] == LABELS[::-1]
    assert store.damaged() == []
    kinds = [by_label[label].kind for label in LABELS]
    assert kinds == ["ownership", "ownership", "graph", "ownership"]
    assert [by_label[label].engine for label in LABELS] == ["native"] * 3 + ["portable"]
    assert by_label["after"].requests.endpoints == {"basket": 400, "price": 400}
    assert all(info.state == "done" for info in by_label.values())


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", NAMES)
def test_every_view_shows_each(
    store: Store, by_label: dict[str, SnapshotInfo], name: str, label: str
) -> None:
    target = by_label[label].id
    assert queries.view(store, name, target).data == BY_NAME[name].read(store.load(target))
    page = queries.page(store, name, None, target, QUERY)
    filled = [table for table in page.tables if table.rows]
    # only a graph capture knows what is retained, and that version did not sample native memory
    assert bool(filled) == (name != "native" and (name != "retained" or label == "graph"))


@pytest.mark.parametrize(
    ("label", "objects", "resident"),
    [
        ("before", 168_615, 43_409_408),
        ("after", 178_166, 44_371_968),
        ("graph", 178_376, 44_474_368),
        ("portable", 82_039, 34_873_344),
    ],
)
def test_the_figures_are_those_that_were_written(
    store: Store, by_label: dict[str, SnapshotInfo], label: str, objects: int, resident: int
) -> None:
    snapshot = store.load(by_label[label].id)
    assert (snapshot.heap.objects, snapshot.process.resident) == (objects, resident)


@pytest.mark.parametrize("name", NAMES)
def test_every_view_shows_the_difference(
    store: Store, by_label: dict[str, SnapshotInfo], name: str
) -> None:
    base, target = by_label["before"].id, by_label["after"].id
    page = queries.page(store, name, base, target, QUERY)
    assert page.base is not None
    assert (page.base.id, page.snapshot.id) == (base, target)
    assert any(table.rows for table in page.tables) == (name not in ("retained", "native"))


def test_the_difference_counts_what_was_kept(
    store: Store, by_label: dict[str, SnapshotInfo]
) -> None:
    views = queries.differences(store, by_label["before"].id, by_label["after"].id).views
    (cache,) = [row for row in views["caches"].caches if row.cache.path == "app.baskets"]
    assert (cache.entries_delta, cache.size_delta) == (200, 626_040)
    assert views["heap"].objects_delta == 178_166 - 168_615
    assert views["cycles"].garbage_objects_delta == 6516


def test_the_report_names_what_grew(store: Store, by_label: dict[str, SnapshotInfo]) -> None:
    report = queries.report(store, by_label["before"].id, by_label["after"].id)
    assert report.verdict == "leak"
    assert report.interval.requests == 400
    holders = {s.holder.path: s for s in report.suspects if s.holder is not None}
    kept = holders["app.baskets"]
    assert kept.growing.objects == 200
    assert kept.endpoints[0].endpoint == "basket"
    assert {suspect.cause for suspect in report.suspects} >= {"reference-cycle"}


def test_the_objects_of_the_graph_are_read(store: Store, by_label: dict[str, SnapshotInfo]) -> None:
    target = by_label["graph"].id
    biggest = queries.objects(store, target, -1)
    assert biggest.total == 2500
    baskets = next(one for one in biggest.objects if one.name == "app.baskets")
    assert (baskets.type, baskets.size, baskets.retained) == ("dict", 18_512, 1_245_316)
    detail = queries.one_object(store, target, baskets.index)
    assert detail.name == "app.baskets"
    assert detail.referents_total == 800
    assert [step.type for step in detail.way][-2:] == ["dict", "dict"]
    assert detail.way[-1].label == ".baskets"
