"""What pins Python's arenas is told from a peak, also while requests come and go."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.pinned_arenas import MIN_LAST_SHARE
from flask_heapview.model.ownership import Ownership
from flask_heapview.model.process import Allocators, Bridge, Process
from flask_heapview.model.report import Report

from .factories import MB, snapshot, tree

STAYS = 28  # MB of objects


def report(
    *moments: tuple[float, float], malloc: bool = False, native: Sequence[float] = (0, 0, 0)
) -> Report:
    """Of one snapshot for each (MB that running functions hold, MB that are free), and the MB of
    native memory at each."""
    rows = []
    for turn, (passing, free) in enumerate(moments):
        steps = [("thread pool-#:", "frame"), (" in page", "frame"), (" local rows", "list")]
        held = tree((steps[:2], 1, 100), (steps, 1, round(passing * MB)))
        blocks, objects = round(free * MB), round((STAYS + passing) * MB)
        process = Process(
            anonymous=objects + blocks + round(native[turn] * MB),
            allocators=Allocators(
                pymalloc_free=0 if malloc else blocks,
                pymalloc_arenas=objects + (0 if malloc else blocks),
                malloc_free=blocks if malloc else 0,
            ),
            bridge=Bridge(python_objects=objects, native=round(native[turn] * MB)),
        )
        own = Ownership(stacks=held.build(), app_roots=["app"])
        rows.append(msgspec.structs.replace(snapshot(turn, 5), ownership=own, process=process))
    return judge(rows)


@pytest.mark.parametrize(
    "moments",
    [
        ((109, 2), (1, 359), (141, 244)),  # less is free at the end, since more of it is used
        ((109, 20), (1, 264), (21, 310)),
        ((109, 2), (53, 257), (190, 155)),  # most of the arenas is in use at the end
        ((0, 10), (0, 200), (0, 210)),  # it levels off, and stays
    ],
)
def test_arenas_that_are_pinned_are_fragmentation(moments: tuple[tuple[float, float], ...]) -> None:
    found = report(*moments)
    (top,) = found.suspects
    assert (found.verdict, top.cause) == ("leak", "fragmentation")
    before, after = moments[0], moments[-1]
    assert top.growing.bytes == pytest.approx((sum(after) - sum(before)) * MB, rel=0.25)


@pytest.mark.parametrize(
    "moments",
    [
        ((0, 10), (0, 200), (0, 200 + 190 * MIN_LAST_SHARE / 2)),  # a peak, and no more
        ((0, 200), (0, 200), (0, 201)),  # pinned before, by nobody knows whom
        ((10, 10), (150, 12), (160, 11)),  # in use
    ],
)
def test_what_a_peak_leaves_is_none(moments: tuple[tuple[float, float], ...]) -> None:
    assert report(*moments).verdict != "leak"


def test_what_the_c_library_keeps_free_is_not_pinned() -> None:
    assert report((0, 10), (0, 200), (0, 210), malloc=True).verdict != "leak"


def test_a_little_native_memory_is_not_the_reason() -> None:
    """What is resident fell in one interval, as far as running functions do not hold it."""
    found = report((109, 2), (1, 359), (141, 244), native=(1, 5, 9))
    assert [suspect.cause for suspect in found.suspects] == ["fragmentation"]
