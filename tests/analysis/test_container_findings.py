"""What grows by itself, the tables of the code, chains, and one leak in several places."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from flask_heapview.model.births import Ages, NodeAges
from flask_heapview.model.cycles import Cycles
from flask_heapview.model.facts import SameGrowthAt
from flask_heapview.model.gc import Gc, Generation
from flask_heapview.model.ownership import FROM_C, Holder, NodeSites, Ownership, Site
from flask_heapview.model.snapshot import Requests, Snapshot
from flask_heapview.model.stacks import Frame, StacksBuilder
from flask_heapview.reports.queries import judge_in_words

from .factories import MB, SITE, snapshot, tree


def swelling(*sizes: int, kind: str = "bytearray") -> list[Snapshot]:
    """One object that is as large as that."""

    def made(turn: int, size_: int) -> Snapshot:
        steps = [("app", "module"), (".log", kind)]
        builder = tree((steps[:1], 1, 100), (steps, 1, size_))
        own = Ownership(stacks=builder.build(), app_roots=["app"])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    return [made(turn, size_) for turn, size_ in enumerate(sizes)]


def test_a_buffer_that_is_added_to() -> None:
    report = judge_in_words(swelling(1 * MB, 2 * MB, 3 * MB))
    (suspect,) = report.suspects
    assert (report.verdict, suspect.cause) == ("leak", "unbounded-container")
    assert suspect.holder is not None
    assert suspect.holder.path == "app.log"
    assert "grew by 2.0 MB in 200 requests and is never emptied" in suspect.summary
    assert suspect.evidence[0].startswith("app.log went from 1.0 MB to 3.0 MB in 200 requests (10")
    assert suspect.growing.objects == 0


@pytest.mark.parametrize(
    "rows",
    [
        swelling(3 * MB, 1 * MB, 2 * MB),  # a result of the moment
        swelling(9 * MB, 10 * MB, 11 * MB),  # what was there before does not fit the rate
        swelling(1_000, 50_000, 100_000),  # too little
        swelling(1 * MB, 2 * MB, 3 * MB, kind="app.Opaque"),  # what it holds is not known
    ],
)
def test_what_is_no_buffer_that_is_added_to(rows: list[Snapshot]) -> None:
    assert judge_in_words(rows).verdict != "leak"


@pytest.mark.parametrize(
    ("counts", "leaks"),
    [
        ((500, 560, 620), True),  # a module with each other request
        ((500, 531, 576), False),  # imports as they are needed
        ((500, 520, 540), False),
    ],
)
def test_modules_that_are_made_with_each_request(counts: tuple[int, ...], leaks: bool) -> None:
    def made(turn: int) -> Snapshot:
        builder = tree(([("sys", "module"), (".modules", "dict")], 1, 100))
        holder = Holder(node=1, path="sys.modules", type="dict", entries=counts[turn])
        own = Ownership(stacks=builder.build(), holders=[holder])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    report = judge_in_words([made(turn) for turn in range(3)])
    assert (report.verdict == "leak") is leaks
    assert [s.cause for s in report.suspects] == (["registry"] if leaks else [])


@pytest.mark.parametrize(("base", "suspects"), [(1, 1), (0, 0)])
def test_a_table_that_came_at_once_has_not_grown(base: int, suspects: int) -> None:
    """Two snapshots: in the first the table was not there, or hung on another path."""

    def made(turn: int, count: int, entries: int) -> Snapshot:
        steps = [("app", "module"), (".config", "dict"), ("[value]", "app.Setting")]
        builder = tree((steps[:2], count, 100), (steps, entries, 80 * entries))
        own = Ownership(stacks=builder.build(), app_roots=["app"])
        return msgspec.structs.replace(snapshot(10 * turn, 5), ownership=own)

    report = judge_in_words([made(1, base, 0), made(2, 1, 120)])
    assert report.verdict != "leak"
    assert len(report.suspects) == suspects


def test_what_a_library_trims_by_itself_is_none() -> None:
    """A connection of sqlite3 forgets its dead cursors every two hundred."""

    def made(kind: str, turn: int) -> Snapshot:
        steps = [("app", "module"), (".database", kind), ("[item]", "list"), ("[item]", "weakref")]
        count = 50 * (turn + 1)
        builder = tree((steps[:3], 1, 100), (steps, count, 70 * count))
        own = Ownership(stacks=builder.build(), app_roots=["app"])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    for kind in ("sqlite3.Connection", "pandas._libs.internals.BlockValuesRefs"):
        assert judge_in_words([made(kind, turn) for turn in range(3)]).suspects == []
    assert judge_in_words([made("app.Connection", turn) for turn in range(3)]).verdict == "leak"


def holding(
    turn: int,
    *paths: tuple[str, int],
    endpoints: dict[str, int],
    sites: Sequence[Site] = (SITE,),
) -> Snapshot:
    """Containers at app.<path>, each with so many entries, all of them of these sites."""
    builder, holders = StacksBuilder(), []
    for name, entries in paths:
        root, _, rest = name.partition(".")
        steps = [Frame(root, "module"), *(Frame(f".{part}", "dict") for part in rest.split("."))]
        for depth in range(1, len(steps) + 1):
            builder.add(steps[:depth], 1 if depth == len(steps) else 0, 100)
        node = len(builder.parent) - 1
        holders.append(
            Holder(node=node, path=name, type="dict", entries=entries, app=True, sites=list(sites))
        )
    own = Ownership(stacks=builder.build(), holders=holders, app_roots=["app"])
    made = snapshot(turn, 5)
    requests = Requests(total=sum(endpoints.values()), endpoints=endpoints)
    info = msgspec.structs.replace(made.info, requests=requests)
    return msgspec.structs.replace(made, ownership=own, info=info)


def test_one_leak_in_several_places_is_one_suspect() -> None:
    def rows(*names: str) -> list[Snapshot]:
        return [
            holding(
                turn,
                *((name, 100 * turn + n) for n, name in enumerate(names)),
                endpoints={"page": 100 * (turn + 1)},
            )
            for turn in range(3)
        ]

    (one,) = judge_in_words(
        rows("app.gateway.calls", "app.gateway.log", "asyncio.all_tasks")
    ).suspects
    assert one.holder is not None
    assert one.holder.path == "app.gateway.calls"
    assert one.evidence[-2].startswith("The same growth also shows at: ")
    assert "app.gateway.log" in one.evidence[-2]
    assert "asyncio.all_tasks" in one.evidence[-2]
    # two of the app's own that have nothing to do with each other may be two leaks
    assert len(judge_in_words(rows("app.first", "app.second")).suspects) == 2


SERVER = Site(file="/srv/gthread.py", line=553, function="handle", size=300)
BESIDE = Site(file="/srv/app.py", line=30, function="other", size=50, endpoint="other")


@pytest.mark.parametrize(
    ("name", "sites"),
    [("page", [SITE]), ("page: a name", [SITE]), ("page", [SITE, SERVER, BESIDE])],
)
def test_the_rate_is_that_of_the_endpoint_which_allocates(name: str, sites: list[Site]) -> None:
    """The mix shifts: in the second round hardly anybody asks for the guilty page."""
    asked = [(100, 0), (200, 0), (230, 170)]
    rows = [
        holding(turn, ("app.cache", page), endpoints={name: page, "other": other}, sites=sites)
        for turn, (page, other) in enumerate(asked)
    ]
    (suspect,) = judge_in_words(rows).suspects
    assert suspect.confidence >= 0.9
    assert any(text.endswith("along the requests of page.") for text in suspect.evidence)


@pytest.mark.parametrize(
    ("garbage", "leaf", "verdict"),
    [
        ((100, 400, 700), "weakref.ReferenceType", "inconclusive"),  # may go with it
        ((100, 400, 30), "weakref.ReferenceType", "leak"),  # a collection has left them
        ((100, 120, 700), "weakref.ReferenceType", "leak"),  # more than what could take them away
        ((100, 400, 700), "app.Order", "leak"),  # holds what it leads to
    ],
)
def test_weak_references_that_wait_for_the_collector(
    garbage: tuple[int, ...], leaf: str, verdict: str
) -> None:

    def made(turn: int, objects: int) -> Snapshot:
        freed = Generation(
            threshold=700, count=1, collections=5, collected=5000 * turn, uncollectable=0
        )
        return snapshot(
            turn,
            100 * (turn + 1),
            leaf=leaf,
            cycles=Cycles(garbage_objects=objects),
            gc=Gc(generations=[freed]),
        )

    report = judge_in_words([made(turn, objects) for turn, objects in enumerate(garbage)])
    assert report.verdict == verdict
    (suspect,) = report.suspects
    said = any("Its entries are weak references" in line for line in suspect.evidence)
    assert said is (verdict == "inconclusive")


def rows_of(turn: int, rows: int, numbers: int) -> Snapshot:
    """app.rows: so many dictionaries with two entries, and so many numbers that are objects."""
    steps = [("app", "module"), (".rows", "list"), ("[item]", "dict")]
    builder = tree(
        (steps[:1], 1, 100),
        (steps[:2], 1, 100),
        (steps, rows, rows * 64),
        ([*steps, ("[value]", "int")], numbers, numbers * 28),
    )
    holders = [
        Holder(node=1, path="app.rows", type="list", entries=rows),
        Holder(node=2, path="app.rows[item]", type="dict", entries=2 * rows, containers=rows),
    ]
    own = Ownership(stacks=builder.build(), holders=holders, app_roots=["app"])
    return msgspec.structs.replace(snapshot(turn, 5), ownership=own)


@pytest.mark.parametrize(
    ("counts", "leaks"),
    [
        (((40, 0), (100, 100), (100, 200)), False),  # as many entries: small numbers were shared
        (((40, 40), (140, 140), (240, 240)), True),
    ],
)
def test_numbers_that_are_objects_now_are_no_growth(
    counts: tuple[tuple[int, int], ...], leaks: bool
) -> None:
    report = judge_in_words([rows_of(turn, *row) for turn, row in enumerate(counts)])
    assert (report.verdict == "leak") is leaks, report.summary


def orders_of(turn: int, orders: int, named: int) -> Snapshot:
    """app.orders: so many objects, some of which have an attribute that has one in its turn."""
    steps = [("app", "module"), (".orders", "deque"), ("[item]", "app.Order")]
    paid = [*steps, (".payment", "app.Payment")]
    builder = tree(
        (steps[:1], 1, 100),
        (steps[:2], 1, 100),
        (steps, orders, orders * 64),
        (paid, named, named * 48),
        ([*paid, (".number", "int")], named, named * 28),
    )
    own = Ownership(stacks=builder.build(), app_roots=["app"])
    return msgspec.structs.replace(snapshot(turn, 5), ownership=own)


def test_no_more_attributes_than_objects_that_have_them() -> None:
    """The eighty newest orders, of which one after the other is paid; and all orders ever."""
    bounded = [orders_of(turn, 80, 10 + 30 * turn) for turn in range(3)]
    assert judge_in_words(bounded).suspects == []
    kept = [orders_of(turn, 50 + 50 * turn, 50 + 50 * turn) for turn in range(3)]
    (suspect,) = judge_in_words(kept).suspects
    assert suspect.holder is not None
    assert suspect.holder.path == "app.orders"


def loose(turn: int, count: int) -> Snapshot:
    """app.last holds a chain of frames, and no container: its sites stand at the nodes."""
    steps = [("app", "module"), (".last", "Error"), (".tb", "frame")]
    builder = tree((steps[:1], 1, 100), (steps[:2], 1, 100), (steps, count, count * 400))
    rows = [
        NodeSites(node=2, sites=[SITE]),
        NodeSites(node=1, sites=[msgspec.structs.replace(SITE, size=50)]),
        NodeSites(node=0, sites=[msgspec.structs.replace(SITE, line=99, size=9000)]),
    ]
    own = Ownership(stacks=builder.build(), loose=rows, app_roots=["app"])
    return msgspec.structs.replace(snapshot(turn, 5), ownership=own)


def test_what_is_no_container_has_its_own_sites_and_no_others() -> None:
    (suspect,) = judge_in_words([loose(n, 100 * (n + 1)) for n in range(3)]).suspects
    assert [(site.line, site.bytes) for site in suspect.allocated_at] == [(SITE.line, SITE.size)]
    assert suspect.endpoints[0].endpoint == "page"


def from_c(turn: int, objects: int, entries: int, endpoint: str | None = "page") -> Snapshot:
    """Objects that C holds, and app.files with entries."""
    builder = tree(
        ([(FROM_C, "")], 0, 0),
        ([(FROM_C, ""), ("[ref]", "Decoder")], objects, objects * 100),
        ([("app", "module")], 1, 100),
        ([("app", "module"), (".files", "list")], 1, 100),
        ([("app", "module"), (".files", "list"), ("[item]", "File")], entries, entries * 300),
    )
    site = msgspec.structs.replace(SITE, endpoint=endpoint, size=1000 * (turn + 1))
    files = Holder(node=3, path="app.files", type="list", entries=entries, app=True, sites=[SITE])
    own = Ownership(stacks=builder.build(), holders=[files], app_roots=["app"], from_c=[site])
    return msgspec.structs.replace(snapshot(turn, 5), ownership=own)


def test_what_c_holds_is_lost() -> None:
    (suspect,) = judge_in_words([from_c(n, 100 * (n + 1), 20) for n in range(3)]).suspects
    assert (suspect.cause, suspect.holder, suspect.growing.type) == (
        "uncollectable",
        None,
        "Decoder",
    )
    assert suspect.confidence >= 0.9


def test_what_c_holds_for_each_entry_is_part_of_it() -> None:
    found = judge_in_words([from_c(n, 103 * (n + 1), 100 * (n + 1)) for n in range(3)]).suspects
    assert [one.holder and one.holder.path for one in found] == ["app.files"]
    assert not [fact for fact in found[0].evidence_facts if isinstance(fact, SameGrowthAt)]
    other = [from_c(n, 103 * (n + 1), 100 * (n + 1), "other") for n in range(3)]
    assert len(judge_in_words(other).suspects) == 2


THREAD_LOCAL = [("thread MainThread:", ""), (" in run", ""), (" local rows", "list")]


@pytest.mark.parametrize("held", [[(FROM_C, ""), ("[ref]", "list")], THREAD_LOCAL])
@pytest.mark.parametrize("young", [True, False])
def test_a_list_that_a_running_function_fills_is_no_leak(
    young: bool, held: list[tuple[str, str]]
) -> None:
    """Each snapshot of a busy worker meets one, and a larger one each time."""

    def busy(turn: int) -> Snapshot:
        items = 100_000 * (turn + 1)
        steps = [*held, ("[item]", "str")]
        above = [(steps[:n], 0, 0) for n in range(1, len(held))]
        builder = tree(*above, (held, 1, 900_000), (steps, items, items * 50))
        old = 0 if young else 50
        ages = NodeAges(len(held), (old * 1000,) * 15 + (50_000,), (old,) * 15 + (50,))
        own = Ownership(stacks=builder.build(), ages=Ages(requests=400, nodes=[ages]))
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    found = judge_in_words([busy(n) for n in range(3)]).suspects
    assert bool(found) is not young


@pytest.mark.parametrize(("name", "leaks"), [("keepalived_conns", False), ("handled", True)])
def test_connections_that_wait_for_a_request_are_no_leak(name: str, leaks: bool) -> None:
    """gunicorn keeps them for some seconds: more of them is more traffic."""

    def made(turn: int) -> Snapshot:
        path = f"thread MainThread: local self.{name}"
        steps = [("thread MainThread:", ""), (" in run", ""), (" local self", "ThreadWorker")]
        steps += [(f".{name}", "collections.deque"), ("[item]", "TConn")]
        count = 20 * (turn + 1)
        above = [(steps[:n], 1, 100) for n in range(1, 5)]
        holder = Holder(node=3, path=path, type="collections.deque", entries=count)
        own = Ownership(stacks=tree(*above, (steps, count, count * 1000)).build(), holders=[holder])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    assert bool(judge_in_words([made(n) for n in range(3)]).suspects) is leaks


@pytest.mark.parametrize(("entries", "leaks"), [((100, 160, 190), True), ((100, 300, 310), False)])
def test_the_collector_fills_its_list_at_times(entries: tuple[int, ...], leaks: bool) -> None:
    def made(turn: int, count: int) -> Snapshot:
        steps = [("gc", "module"), (".garbage", "list"), ("[item]", "Node")]
        builder = tree((steps[:1], 1, 100), (steps[:2], 1, 100), (steps, count, count * 100))
        holder = Holder(node=1, path="gc.garbage", type="list", entries=count)
        own = Ownership(stacks=builder.build(), holders=[holder])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    (suspect,) = judge_in_words([made(turn, count) for turn, count in enumerate(entries)]).suspects
    assert suspect.cause == "uncollectable"
    assert suspect.leaks is leaks


def set_with(turn: int, entries: int, marks: tuple[int, int]) -> Snapshot:
    made = snapshot(turn, entries, kind="set")
    (holder,) = made.ownership.holders
    holders = [msgspec.structs.replace(holder, ends=list(marks))]
    own = msgspec.structs.replace(made.ownership, holders=holders)
    return msgspec.structs.replace(made, ownership=own)


BOTH = 1 << 32


@pytest.mark.parametrize(
    ("marks", "leaks"),
    [
        (((9 * BOTH + 8, 7), (6 * BOTH + 5, 4), (3 * BOTH + 2, 1)), True),
        (((9 * BOTH + 8, 7), (9 * BOTH + 8, 7), (9 * BOTH + 8, 7)), True),
        (((9 * BOTH + 8, 7), (6 * BOTH + 9, 4), (3 * BOTH + 2, 1)), False),
        (((9 * BOTH + 8, 7), (6 * BOTH + 5, 4), (7 * BOTH + 2, 1)), False),
    ],
)
def test_a_least_hash_of_a_set_that_rises_tells_that_entries_went(
    marks: tuple[tuple[int, int], ...], leaks: bool
) -> None:
    rows = [set_with(turn, 40 + 20 * turn, row) for turn, row in enumerate(marks)]
    (suspect,) = judge_in_words(rows).suspects
    assert suspect.leaks is leaks
