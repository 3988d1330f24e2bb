"""Native memory by site, library, function, line and endpoint, and what changed of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.cli.stored import table_text
from flask_heapview.model.births import Births
from flask_heapview.model.native import SMALLER_SITES, NativeMemory, NativeSite
from flask_heapview.model.process import Bridge, Process
from flask_heapview.model.query import TableQuery
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.model.stacks import Frame, StacksBuilder
from flask_heapview.reports import queries
from flask_heapview.store.snapshots import Store
from flask_heapview.views import BY_NAME
from flask_heapview.views.table import Table
from flask_heapview.web.offline import offline_app

from ..analysis.factories import MB, snapshot
from ..helpers import BEARER, TOKEN, answered_here
from .test_links import ids, store

__all__ = ["ids", "store"]  # fixtures: snapshots of a version that did not sample it

VIEW = BY_NAME["native"]
AGES = Births(until=100, size=(MB,) * 16, samples=(2,) * 16)
NAME = NativeSite(
    library="libparse.so",
    path="/usr/lib/libparse.so",
    function="keep_name",
    distribution="parser 1.2",
    file="/srv/app.py",
    line=17,
    caller="read",
    endpoint="page",
    size=20 * MB,
    count=200,
    variance=MB * MB,
    largest=MB // 2,
    samples=40,
    births=AGES,
)
TEXT = replace(NAME, function="", offset=0x2FF, line=30, size=8 * MB, count=80, samples=16)
TIMER = NativeSite(
    library="libtimer.so", path="/lib/libtimer.so", function="tick", thread="timer", size=MB
)
SITES = [NAME, TEXT, replace(TIMER, count=1, samples=2)]


def native(sites: list[NativeSite], **more: Any) -> NativeMemory:
    built = StacksBuilder()
    for site in sites:
        root = f"endpoint {site.endpoint}" if site.endpoint else f"thread {site.thread}"
        line = [Frame(site.caller, "", site.file, site.line)] if site.file else []
        stack = [Frame(root), *line, Frame(f"{site.function or '0x2ff'} ({site.library})")]
        built.add(stack, site.count, site.size)
    known = {
        "size": sum(site.size for site in sites),
        "count": sum(site.count for site in sites),
        "samples": sum(site.samples for site in sites),
        "since": 1000.0,
    }
    return NativeMemory(on=True, sites=sites, stacks=built.build(), **{**known, **more})


def taken(turn: int, found: NativeMemory) -> Snapshot:
    return snapshot(turn, 10, native=found, process=Process(bridge=Bridge(native=30 * MB)))


def table(found: NativeMemory, **query: Any) -> Table:
    (made,) = VIEW.tables(found, TableQuery(**query))
    return made


def rows(shown: Table, *names: str) -> list[tuple[Any, ...]]:
    at = [[column.key for column in shown.columns].index(name) for name in names]
    return [tuple(row.cells[n] for n in at) for row in shown.rows]


def test_a_site_has_its_names_and_figures() -> None:
    shown = table(native(SITES))
    names = ("library", "package", "function", "line", "serving")
    assert rows(shown, *names) == [
        ("libparse.so", "parser 1.2", "keep_name", "/srv/app.py:17", "endpoint page"),
        ("libparse.so", "parser 1.2", "0x2ff (no symbol)", "/srv/app.py:30", "endpoint page"),
        ("libtimer.so", "", "tick", "", "thread timer"),
    ]
    assert rows(shown, "size", "count", "samples")[0] == (20 * MB, 200, 40)
    ((low, high), *_) = rows(shown, "low", "high")
    assert 17 * MB < low < 20 * MB < high < 24 * MB
    assert rows(shown, "births")[0] == (AGES,)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("library", [("libparse.so", 28), ("libtimer.so", 1)]),
        ("function", [("keep_name", 20), ("0x2ff (no symbol)", 8), ("tick", 1)]),
        ("line", [("/srv/app.py:17", 20), ("/srv/app.py:30", 8), ("(no line of Python)", 1)]),
        ("endpoint", [("endpoint page", 28), ("thread timer", 1)]),
    ],
)
def test_groups_add_up(group: str, expected: list[tuple[str, int]]) -> None:
    found = rows(table(native(SITES), group=group), "place", "size")
    assert found == [(name, size * MB) for name, size in expected]


def test_a_page_about_one_name() -> None:
    found = native(SITES)
    assert len(table(found, only="library", name="libparse.so").rows) == 2
    assert len(table(found, only="endpoint", name="thread timer").rows) == 1
    assert rows(table(found, only="line", name="/srv/app.py:30"), "size") == [(8 * MB,)]
    assert len(table(found, search="parser keep").rows) == 1
    assert rows(table(found, sort="samples", descending=False), "samples")[0] == (2,)


def test_what_has_the_same_names_is_one_row() -> None:
    """A library that two directories have."""
    other = replace(NAME, path="/opt/libparse.so")
    shown = table(native([NAME, other]))
    assert rows(shown, "size", "samples", "births") == [(40 * MB, 80, AGES.added(AGES))]
    later = replace(other, births=replace(AGES, until=50))  # other bins: nothing to add
    assert rows(table(native([NAME, later])), "births") == [(None,)]


@pytest.mark.parametrize("group", ["", "library", "function", "line", "endpoint"])
def test_smaller_sites_are_one_row(group: str) -> None:
    """A snapshot keeps the largest sites, and the sum is that of all."""
    found = native(SITES, size=30 * MB, count=300, samples=60)
    shown = table(found, group=group)
    assert sum(size for (size,) in rows(shown, "size")) == 30 * MB
    assert sum(count for (count,) in rows(shown, "count")) == 300
    assert shown.rows[-1].cells[0] in (SMALLER_SITES, "libtimer.so")
    assert [row.cells[0] for row in shown.rows].count(SMALLER_SITES) == 1


def test_the_tree_is_drawn_and_opened() -> None:
    found = native(SITES)
    page = queries._page(VIEW, None, taken(1, found), found, TableQuery(), False)
    assert page.picture is not None
    assert page.picture.cells[0].size == 29 * MB
    assert {cell.name for cell in page.picture.cells} >= {"endpoint page", "tick (libtimer.so)"}
    tree = table(found, group="traceback")
    assert rows(tree, "name", "size") == [("endpoint page", 28 * MB), ("thread timer", MB)]


def test_a_terminal_draws_the_ages() -> None:
    said = table_text(table(native([NAME])))
    assert "█" * 4 in said
    assert "█" * 5 not in said  # two samples a bin: four bins make a bar
    assert "Births(" not in said


# --- what changed


def changes(before: NativeMemory, now: NativeMemory, **query: Any) -> Table:
    (made,) = VIEW.diff_tables(VIEW.diff(taken(1, before), taken(2, now)), TableQuery(**query))
    return made


def test_what_came_and_went() -> None:
    more = replace(NAME, size=26 * MB, count=260)
    shown = changes(native(SITES), native([more, TEXT]))
    assert rows(shown, "function", "size_delta", "count_delta", "size") == [
        ("keep_name", 6 * MB, 60, 26 * MB),
        ("tick", -MB, -1, 0),
    ]
    ((low, high), *_) = rows(shown, "low", "high")
    assert 2 * MB < low < 6 * MB < high < 10 * MB
    by_endpoint = changes(native(SITES), native([more, TEXT]), group="endpoint")
    assert rows(by_endpoint, "place", "size_delta", "requests", "per_request") == [
        ("endpoint page", 6 * MB, 100, 60_000),
        ("thread timer", -MB, None, None),
    ]


def test_what_is_alike_is_no_change() -> None:
    assert changes(native(SITES), native(SITES)).rows == []


@pytest.mark.parametrize(
    "before", [NativeMemory(), native(SITES, since=4.0)], ids=["off", "on since later"]
)
def test_sampling_that_began_in_between(before: NativeMemory) -> None:
    """What was alive before is unknown, so nothing went."""
    now = native([NAME], since=6.0)
    found = VIEW.diff(taken(1, before), taken(2, now))
    assert (found.on, found.begun, found.size_delta) == (True, True, NAME.size)
    assert [one.size_delta for one in found.sites] == [NAME.size]


def test_two_workers_that_began_at_different_times() -> None:
    """Their clocks say nothing of one another."""
    before, now = taken(1, native(SITES)), taken(2, native([NAME], since=6.0))
    other = replace(now, info=replace(now.info, worker="other"))
    assert not VIEW.diff(before, other).begun


def test_sampling_that_ended_in_between() -> None:
    found = VIEW.diff(taken(1, native(SITES)), taken(2, NativeMemory()))
    assert (found.on, found.begun, found.sites, found.size_delta) == (False, False, [], 0)


# --- links


def test_names_lead_on() -> None:
    last = taken(1, native(SITES))
    page = queries._page(VIEW, None, last, last.native, TableQuery(), True)
    links = page.tables[0].rows[0].links
    assert set(links) == {"library", "function", "line", "serving"}
    (way,) = links["serving"]
    assert (way.view, way.values["only"], way.values["name"]) == (
        "native",
        "endpoint",
        "endpoint page",
    )
    query = TableQuery(only=way.values["only"], name=way.values["name"], group=way.values["group"])
    assert len(table(last.native, only=query.only, name=query.name).rows) == 2
    about = queries._page(VIEW, None, last, last.native, query, True)
    assert about.leads == []  # the growth of a name is that of Python's memory


@pytest.mark.parametrize("both", [False, True])
def test_the_process_s_row_opens_it(both: bool) -> None:
    before, last = taken(1, native(SITES)), taken(2, native(SITES))
    last = replace(last, process=Process(bridge=Bridge(native=50 * MB)))
    view = BY_NAME["process"]
    data = view.diff(before, last) if both else last.process
    page = queries._page(view, before if both else None, last, data, TableQuery(), False)
    opened = [row for one in page.tables for row in one.rows if row.links]
    assert [row.cells[0] for row in opened] == ["of resident: native" if both else "native"]
    assert opened[0].links["name"][0].view == "native"


# --- pages without samples


def test_a_page_says_why_there_is_nothing(store: Store, ids: dict[str, str]) -> None:
    client: Any = offline_app(store.directory, TOKEN, []).test_client()
    for path, words in (
        (f"snapshots/{ids['after']}/native", "was not sampled when this snapshot was taken"),
        (f"compare/native?base={ids['before']}&target={ids['after']}", "when the later snapshot"),
        (f"snapshots/{ids['portable']}/native", "The portable engine took this snapshot."),
    ):
        with answered_here():
            page = client.get(f"/{path}", headers=BEARER).text
        assert words in page
        assert "Native memory was not sampled." in page
        assert "Sample native memory now" not in page  # no worker is there
