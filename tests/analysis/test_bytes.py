"""The bytes of a suspect are those of all that piled up, and they never contradict its objects."""

from __future__ import annotations

import msgspec

from flask_heapview.model.cycles import CycleGroup, Cycles
from flask_heapview.model.ownership import Holder, Ownership, Site
from flask_heapview.model.process import Process
from flask_heapview.model.resources import OpenObject, Resources, Tally
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import snapshot, tree

APP = ("app", "module")
LIBRARY = ("library", "module")


def owned(turn: int, *paths: tuple[list[tuple[str, str]], int, int], **entries: int) -> Snapshot:
    """A snapshot with that tree; `entries` of the containers, by their name in the app."""
    stacks = tree(*paths).build()
    nodes = {f"{stacks.frame_at(n).label}": n for n in range(len(stacks))}
    holders = [
        Holder(node=nodes[f".{name}"], path=f"app.{name}", type="dict", entries=count, app=True)
        for name, count in entries.items()
    ]
    own = Ownership(stacks=stacks, holders=holders, app_roots=["app"])
    return msgspec.structs.replace(snapshot(turn, 5), ownership=own)


def test_what_a_library_met_first_counts_for_who_holds_it_too() -> None:
    """The app's list has the listeners, but a table of the library was closer to them."""

    def made(turn: int) -> Snapshot:
        count = 100 * (turn + 1)
        listeners = [APP, (".listeners", "list")]
        table = [LIBRARY, (".table", "dict")]
        paths = (
            (listeners, 1, 8 * count),
            (table, 1, 100 * count),
            ([*table, ("[key]", "function")], count, 160 * count),
            ([*table, ("[key]", "function"), (" closure rows", "list")], count, 2000 * count),
        )
        return owned(turn, *paths, listeners=count)

    report = judge_in_words([made(turn) for turn in range(3)])
    (suspect,) = report.suspects
    assert suspect.holder is not None
    assert suspect.holder.path == "app.listeners"
    assert suspect.growing.objects == 200
    assert suspect.growing.bytes == 200 * (8 + 100 + 160 + 2000)
    assert suspect.growing.per_request.bytes == suspect.growing.bytes / 200
    assert "(453.6 kB)" in suspect.summary
    assert "2.3 kB per request" in suspect.evidence[0]


def test_what_hangs_below_another_owner_of_the_same_counts_once() -> None:
    def made(turn: int) -> Snapshot:
        count = 100 * (turn + 1)
        jobs = [APP, (".jobs", "app.Jobs")]
        inside = [*jobs, (".all", "list")]
        paths = (
            (jobs, 1, 50),
            (inside, 1, 8 * count),
            ([*inside, ("[item]", "app.Job")], count, 500 * count),
            ([*jobs, (".names", "dict")], 1, 100 * count),
        )
        return owned(turn, *paths, all=count, names=count)

    (suspect,) = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert suspect.growing.bytes == 200 * (8 + 500 + 100)


def test_what_came_has_bytes_though_other_things_went() -> None:
    def made(turn: int) -> Snapshot:
        count = 100 * (turn + 1)
        queue = [APP, (".queue", "list")]
        paths = (
            (queue, 1, 100),
            ([*queue, ("[item]", "weakref")], count, 72 * count),
            ([*queue, ("[item]", "bytes")], 5, 500_000 - 100_000 * turn),
        )
        return owned(turn, *paths)

    (suspect,) = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert (suspect.growing.objects, suspect.growing.bytes) == (200, 200 * 72)


def test_entries_have_bytes_though_their_table_had_room() -> None:
    """Its keys and values are shared, and a table grows by doubling."""

    def made(turn: int) -> Snapshot:
        seen = [APP, (".seen", "dict")]
        return owned(turn, (seen, 1, 36_000), seen=300 * (turn + 1))

    (suspect,) = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert (suspect.growing.objects, suspect.growing.bytes) == (600, 24_000)


def test_garbage_that_came_has_bytes_though_larger_went() -> None:
    def made(turn: int) -> Snapshot:
        objects, size = 1_000 * (turn + 1), 900_000 - 100_000 * turn
        group = CycleGroup("f", "Node.next → Node", True, objects // 2, objects, size, ["app.Node"])
        found = Cycles(garbage_objects=objects, garbage_bytes=size, groups=[group])
        return msgspec.structs.replace(snapshot(turn, 5), cycles=found)

    (suspect,) = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert suspect.cause == "reference-cycle"
    assert suspect.growing.bytes == 700_000 * 2 // 3 + 1
    assert "(466.7 kB)" in suspect.summary


def opened(turn: int, path: str) -> Snapshot:
    """So many connections are open, kept in a pool that has not reached its limit."""
    count = 20 * (turn + 1)
    connections = [APP, (".pool", "collections.deque"), ("[item]", "db.Connection")]
    made = owned(turn, (connections[:2], 1, 600), (connections, count, 1_000 * count))
    pool = Holder(node=1, path="app.pool", type="collections.deque", entries=count, limit=500)
    site = Site(file="/srv/app.py", line=9, function="connect", size=count, count=count)
    return msgspec.structs.replace(
        made,
        ownership=msgspec.structs.replace(made.ownership, holders=[pool]),
        resources=Resources(
            descriptors=10 + count,
            by_kind=[Tally("file", count)],
            open_objects=[OpenObject("db.Connection", path, count, [site])],
        ),
        process=Process(machine_total=8_000_000_000),
    )


def test_whoever_keeps_what_is_open_is_the_holder() -> None:
    (suspect,) = judge_in_words([opened(turn, "app.pool") for turn in range(3)]).suspects
    assert suspect.cause == "unclosed-resource"
    assert suspect.holder is not None
    assert (suspect.holder.path, suspect.holder.type) == ("app.pool", "collections.deque")
    assert (suspect.growing.type, suspect.growing.objects) == ("db.Connection", 40)
    assert suspect.growing.bytes == 40_000
    assert [(s.line, s.bytes) for s in suspect.allocated_at] == [(9, 40_000)]


def test_what_a_running_function_works_on_is_in_use() -> None:
    path = "thread pool-#: local queue[item].sock"
    (suspect,) = judge_in_words([opened(turn, path) for turn in range(3)]).suspects
    assert suspect.cause == "unclosed-resource"
    assert not suspect.leaks


def test_what_nobody_keeps_has_no_holder() -> None:
    (suspect,) = judge_in_words([opened(turn, "(cyclic garbage)") for turn in range(3)]).suspects
    assert suspect.cause == "unclosed-resource"
    assert suspect.holder is None


def test_a_longer_name_is_another_holder() -> None:
    """app.pools grows, and app.pool has the connections."""

    def made(turn: int) -> Snapshot:
        one = opened(turn, "app.pool")
        pools = [APP, (".po", "dict")]
        stacks = tree(
            (pools, 1, 100), ([*pools, ("[value]", "str")], 70 * (turn + 1), 5_000 * (turn + 1))
        ).build()
        own = Ownership(stacks=stacks, app_roots=["app"])
        return msgspec.structs.replace(one, ownership=own)

    causes = {
        s.holder.path: s.cause
        for s in judge_in_words([made(turn) for turn in range(3)]).suspects
        if s.holder is not None
    }
    assert causes == {"app.po": "unbounded-container", "app.pool": "unclosed-resource"}
