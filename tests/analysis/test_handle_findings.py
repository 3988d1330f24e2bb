"""Threads whose number grows, and who holds them."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.analysis.judge import MAX_REWOUND_CONFIDENCE, judge
from flask_heapview.model.ownership import Ownership
from flask_heapview.model.resources import Resources
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
