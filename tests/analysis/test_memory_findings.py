"""Memory of no object, beside objects that pile up."""

from __future__ import annotations

import msgspec

from flask_heapview.model.ownership import Ownership
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.reports.queries import judge_in_words

from .factories import memory, snapshot, tree


def test_native_memory_that_hangs_on_objects_is_theirs() -> None:
    figures = {"native": 20, "anonymous": 22}
    rows = [snapshot(n, 100 * (n + 1), **memory(n, **figures)) for n in range(3)]
    first, second = judge_in_words(rows).suspects
    assert first.cause == "unbounded-container"
    assert first.evidence[-2].startswith(
        "Native memory grew by 40.0 MB as well (200.0 kB per object)."
    )
    assert (second.cause, second.confidence) == ("native", 0.4)


def test_native_memory_does_not_hang_on_pointers() -> None:
    """A list that gains what others hold is a leak; it is not what holds the native memory."""

    def made(turn: int) -> Snapshot:
        figures = memory(turn, native=20, anonymous=22)
        found = snapshot(turn, 0, kind="list", **figures)
        entries = 100 * (turn + 1)
        steps = [("app", "module"), (".cache", "list")]
        builder = tree((steps[:1], 1, 100), (steps, 1, 56 + 8 * entries))
        (holder,) = found.ownership.holders
        own = Ownership(
            stacks=builder.build(),
            holders=[msgspec.structs.replace(holder, entries=entries)],
            app_roots=["app"],
        )
        return msgspec.structs.replace(found, ownership=own)

    suspects = judge_in_words([made(turn) for turn in range(3)]).suspects
    assert {s.cause: s.confidence >= 0.5 for s in suspects} == {
        "unbounded-container": True,
        "native": True,
    }
