"""Threads whose number grows, and who holds them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.judge import MAX_REWOUND_CONFIDENCE, judge
from flask_heapview.model.facts import HandlesGrew
from flask_heapview.model.ownership import Ownership
from flask_heapview.model.resources import OpenObject, Resources
from flask_heapview.model.snapshot import Snapshot

from .factories import snapshot, tree


def test_threads_are_named_where_they_are_kept() -> None:
    """Its limit speaks for the owner, but nothing else holds the threads that came."""

    def pool(kept: int, came: int) -> list[Snapshot]:
        return [
            snapshot(
                turn,
                kept * (turn + 1),
                leaf="threading.Thread",
                limit=5000,
                resources=Resources(thread_count=came * (turn + 1), threads=[]),
            )
            for turn in range(3)
        ]

    (top,) = judge(pool(100, 100)).suspects
    assert (top.cause, top.holder and top.holder.path) == ("thread", "app.cache")
    assert top.growing.type == "threading.Thread"
    (top,) = judge(pool(40, 100)).suspects
    assert (top.cause, top.holder) == ("thread", None)


def test_of_all_who_hold_threads_the_app_is_named_first() -> None:
    def tables(turn: int) -> Snapshot:
        made = snapshot(turn, 0)
        count = 100 * (turn + 1)
        thread = ("[value]", "threading.Thread")
        own, all_of_them = (
            [("app", "module"), (".pools", "dict")],
            [("threading", "module"), ("._active", "dict")],
        )
        builder = tree(
            (own[:1], 1, 100),
            (own, 1, 200),
            ([*own, thread], count, count * 500),
            (all_of_them[:1], 1, 100),
            (all_of_them, 1, 200),
            ([*all_of_them, thread], 2 * count, count * 1800),
        )
        (holder,) = made.ownership.holders
        table = replace(holder, type="dict", entries=count, entry_types=["threading.Thread"])
        holders = [
            replace(table, node=1, path="app.pools", app=True),
            replace(table, node=4, path="threading._active", app=False, entries=2 * count),
        ]
        ownership = Ownership(stacks=builder.build(), holders=holders, app_roots=["app"])
        resources = Resources(thread_count=2 * count, threads=[])
        return replace(made, ownership=ownership, resources=resources)

    top, second = judge([tables(turn) for turn in range(3)]).suspects
    assert (top.cause, top.holder and top.holder.path) == ("thread", "app.pools")
    # below what one snapshot can tell: there, both would be as sure, and the larger goes first
    assert second.confidence < MAX_REWOUND_CONFIDENCE


@pytest.mark.parametrize(("descriptors", "cause"), [(1, "unclosed-resource"), (0.03, "traceback")])
def test_a_few_descriptors_do_not_say_why_much_is_kept(descriptors: float, cause: str) -> None:
    """Of exceptions that are kept, some hold the connection that their request came by."""

    def kept(turn: int) -> Snapshot:
        came = 200 * (turn + 1)
        count = round(descriptors * came)
        made = snapshot(
            turn,
            came,
            leaf="ValueError",
            resources=Resources(
                descriptors=20 + count,
                open_objects=[OpenObject(type="socket.socket", path="app.cache", count=count)],
            ),
        )
        holders = [replace(one, entry_types=["ValueError"]) for one in made.ownership.holders]
        return replace(made, ownership=replace(made.ownership, holders=holders))

    top, *_ = judge([kept(turn) for turn in range(3)]).suspects
    assert (top.cause, top.holder and top.holder.path) == (cause, "app.cache")
    assert HandlesGrew in map(type, top.evidence_facts)
