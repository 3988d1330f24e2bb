"""Every name is a link: it stays with its snapshots, and its page is not empty."""

from __future__ import annotations

import html
import lzma
import re
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.model.query import TableQuery
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.model.stacks import Frame, Stacks
from flask_heapview.reports import queries
from flask_heapview.store.snapshots import Store
from flask_heapview.views import BY_NAME
from flask_heapview.views.links import HISTORY
from flask_heapview.views.name_history import history_table
from flask_heapview.views.owner_paths import MAX_PATH, path_of, paths, places
from flask_heapview.views.table import Row, RowLink, Table
from flask_heapview.web.offline import offline_app

from ..helpers import BEARER, TOKEN, answered_here

WRITTEN = Path(__file__).parents[1] / "store" / "snapshots_0_1_0"
PLAIN = TableQuery()


class Kept(Store):
    """A store that reads each snapshot once."""

    kept: dict[str, Snapshot] = {}

    def load(self, snapshot_id: str) -> Snapshot:
        if snapshot_id not in self.kept:
            self.kept[snapshot_id] = super().load(snapshot_id)
        return self.kept[snapshot_id]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two snapshots of a tiny shop, whose dict app.baskets grew, and one of another worker."""
    made = Kept(tmp_path_factory.mktemp("names") / "heapview")
    home = made.open()
    for path in WRITTEN.glob("*.snapshot.xz"):
        (home / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
    return made


@pytest.fixture(scope="module")
def ids(store: Store) -> dict[str, str]:
    return {info.label: info.id for info in store.listing()}


def shown(store: Store, view: str, base: str | None, target: str, query: TableQuery) -> list[Table]:
    """The tables of a page of one snapshot, of a difference, or of two workers."""
    if base is not None and store.info(base).worker != store.info(target).worker:
        two = store.load(base), store.load(target)
        return queries.page_of_two(two, BY_NAME[view], query).tables
    return queries.page(store, view, base, target, query).tables


def leads(tables: list[Table]) -> list[RowLink]:
    """The links from names: of each sort the first and the last."""
    found: dict[tuple[str, str, str], list[RowLink]] = {}
    for table in tables:
        for row in table.rows:
            for column, links in row.links.items():
                for link in links:
                    kind = (column, link.view, link.values["only"])
                    found.setdefault(kind, []).append(link)
    return [link for row in found.values() for link in (row[0], row[-1])]


@pytest.mark.parametrize(
    ("view", "base"),
    [
        *((view, None) for view in ("heap", "ownership", "caches", "allocations", "resources")),
        ("cycles", None),
        *((view, "before") for view in ("heap", "ownership", "caches", "allocations")),
        ("ownership", "portable"),
    ],
)
def test_no_name_leads_to_an_empty_page(
    store: Store, ids: dict[str, str], view: str, base: str | None
) -> None:
    first, last = ids[base] if base else None, ids["after"]
    found = leads(shown(store, view, first, last, PLAIN))
    assert found
    for link in found:
        asked = {k: link.values[k] for k in ("only", "name")}
        if link.view == HISTORY:
            moments = queries.name_history(store, last, **asked).moments
            assert any(moment.count for moment in moments), link
            continue
        query = TableQuery(**asked, group=link.values.get("group", ""))
        tables = shown(store, link.view, first, last, query)
        assert any(table.rows for table in tables), link


def test_the_path_of_every_node_is_that_of_each(store: Store, ids: dict[str, str]) -> None:
    stacks = store.load(ids["after"]).ownership.stacks
    assert paths(stacks) == [path_of(stacks, node) for node in range(len(stacks))]


def test_a_chain_without_end_has_short_paths() -> None:
    nodes = 60_000
    frames = [Frame("app", "module"), Frame(".following", "Link")]
    parent, frame = list(range(-1, nodes - 1)), [0] + [1] * (nodes - 1)
    ones = [1] * nodes
    stacks = Stacks(frames=frames, parent=parent, frame=frame, count=ones, size=ones)
    assert max(map(len, paths(stacks))) < 2 * MAX_PATH
    assert len(places(stacks)) < MAX_PATH


def row(tables: list[Table], name: str) -> Row:
    return next(row for table in tables for row in table.rows if row.cells[0] == name)


def ask(store: Store, link: RowLink, target: str) -> list[Table]:
    return queries.page(store, link.view, None, target, TableQuery(**link.values)).tables


def test_the_way_from_a_type_to_the_snapshots_where_it_grew(
    store: Store, ids: dict[str, str]
) -> None:
    last = ids["after"]
    heap = queries.page(store, "heap", None, last, PLAIN).tables
    (to_holders,) = row(heap, "bytearray").links["type"]
    query = TableQuery(**to_holders.values, search="app.baskets")
    (holders,) = queries.page(store, "ownership", None, last, query).tables
    baskets = row([holders], "app.baskets")
    assert baskets.cells[1] == 400
    (kept, sites) = baskets.links["path"]
    (below,) = ask(store, kept, last)
    assert below.title == "Held below this node"
    (allocated,) = ask(store, sites, last)
    line = next(one for one in allocated.rows if "endpoint" in one.links)
    endpoint, growth = line.links["endpoint"]
    assert ask(store, endpoint, last)[0].title == "Live memory by line"
    found = queries.name_history(store, last, growth.values["only"], growth.values["name"])
    rows = history_table(found, PLAIN).rows
    assert [one.cells[0] for one in rows] == ["before", "after"]
    assert rows[1].cells[-1] > 0
    assert rows[1].links["snapshot"][1].base == ids["before"]


def test_a_line_leads_to_its_owners_and_endpoints(store: Store, ids: dict[str, str]) -> None:
    (lines, _) = queries.page(store, "allocations", None, ids["after"], PLAIN).tables
    linked = [one.links["place"] for one in lines.rows if len(one.links.get("place", ())) == 2]
    owners, endpoints = linked[0]
    (held,) = ask(store, owners, ids["after"])
    assert held.title == "Who holds what was allocated there"
    (by_endpoint,) = ask(store, endpoints, ids["after"])
    whole = sum(one.cells[1] for one in by_endpoint.rows)
    place = endpoints.values["name"]
    assert whole == pytest.approx(row([lines], place).cells[2], rel=0.01)


def test_links_stay_in_their_comparison(store: Store, ids: dict[str, str]) -> None:
    client: Any = offline_app(store.directory, TOKEN, []).test_client()
    pair = f"base={ids['before']}&target={ids['after']}"
    for start, stays in (
        (f"/snapshots/{ids['after']}/heap", f"/snapshots/{ids['after']}/ownership?only=type"),
        (f"/compare/heap?{pair}", f"/compare/ownership?{pair}&only=type"),
    ):
        with answered_here():
            text = client.get(start, headers=BEARER).text
        found = [html.unescape(href) for href in re.findall(r'<a href="([^"]*)"', text)]
        assert any(href.startswith(stays) for href in found)


def test_an_owner_that_is_not_there_is_a_404(store: Store, ids: dict[str, str]) -> None:
    client: Any = offline_app(store.directory, TOKEN, []).test_client()
    path = f"/snapshots/{ids['after']}"
    with answered_here():
        for asked, code in (
            ("ownership?only=owner&name=app.nothing", 404),
            ("ownership?only=type&name=Nothing", 200),
            ("history?only=nothing&name=x", 400),
        ):
            assert client.get(f"{path}/{asked}", headers=BEARER).status_code == code
