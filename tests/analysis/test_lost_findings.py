"""Objects that nothing refers to: the books show them, and the samples say whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.allocations import samples
from flask_heapview.allocations.unheld import unheld
from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.lost_findings import UNTOLD_BYTES
from flask_heapview.model.allocations import Allocations, Unheld
from flask_heapview.model.heap import Heap
from flask_heapview.model.ownership import Site
from flask_heapview.model.process import Allocators, Process
from flask_heapview.model.report import Report
from flask_heapview.model.snapshot import Snapshot

from ..sampled import samples_of
from .factories import MB, SITE, row

LOST = Site(file="/srv/app.py", line=40, function="parse", size=0, endpoint="page")


def lost(*steps: int, kept: int | None = 0, **more: Any) -> list[Snapshot]:
    """Snapshots between which so many bytes in use came to no object; `kept` is what types keep."""
    made, used = row(*([500] * (len(steps) + 1))), 0
    found = []
    for turn, snapshot in enumerate(made):
        used += steps[turn - 1] if turn else 0
        found.append(
            replace(
                snapshot,
                heap=Heap(small=9 * MB),
                process=Process(
                    machine_total=8_000 * MB,
                    allocators=Allocators(pymalloc_used=10 * MB + used, pymalloc_kept=kept),
                ),
                allocations=allocated(used, **more),
            )
        )
    return found


def allocated(
    used: int, *, objects: float = 1.0, site: Site = LOST, share: float = 1.0
) -> Allocations:
    size = round(used * share)
    small = Unheld(
        size=size,
        objects=round(size * objects),
        types=["str"] if objects else [],
        sites=[replace(site, size=size, count=size // 64)],
    )
    return Allocations(mode="sampled", unheld_small=small)


def report(snapshots: list[Snapshot]) -> Report:
    return judge(snapshots)


def test_they_are_named_with_their_type_and_place() -> None:
    found = report(lost(300_000, 300_000))
    assert found.verdict == "leak"
    (top,) = found.suspects
    assert (top.cause, top.growing.type, top.holder) == ("uncollectable", "str", None)
    assert top.growing.bytes == 600_000
    assert top.allocated_at[0].line == LOST.line
    assert top.endpoints[0].endpoint == "page"
    assert top.remedy_rule == "lost-reference"


def test_what_is_no_object_is_native() -> None:
    (top,) = report(lost(300_000, 300_000, objects=0.1)).suspects
    assert top.cause == "native"


@pytest.mark.parametrize("steps", [(20_000, 20_000), (0, 0), (-70_000, 70_000)])
def test_what_free_lists_hold_is_no_leak(steps: tuple[int, int]) -> None:
    assert report(lost(*steps)).verdict == "no-leak"


def test_the_books_of_a_heap_that_grows_are_less_exact() -> None:
    found = [
        replace(one, heap=Heap(small=9 * MB * (turn + 1)))
        for turn, one in enumerate(lost(9 * MB + 200_000, 9 * MB + 200_000))
    ]
    assert report(found).suspects == []


def test_a_collection_that_empties_them_is_no_levelling_off() -> None:
    step = 4 * UNTOLD_BYTES
    assert report(lost(step, step, step - round(1.5 * UNTOLD_BYTES))).verdict == "leak"


def test_what_ends_is_inconclusive() -> None:
    assert report(lost(2 * MB, 300_000)).verdict == "inconclusive"


def test_the_sampler_has_to_know_of_it() -> None:
    assert report(lost(300_000, 300_000, share=0.1)).verdict == "inconclusive"


def test_parts_of_what_is_held_are_no_leak_of_their_own() -> None:
    held = row(500, 600, 700)
    assert report(held).suspects[0].allocated_at[0].line == SITE.line
    found = [
        replace(one, heap=two.heap, process=two.process, allocations=two.allocations)
        for one, two in zip(held, lost(300_000, 300_000, site=SITE), strict=True)
    ]
    assert [one.cause for one in report(found).suspects] == ["unbounded-container"]


def test_an_engine_that_does_not_count_blocks_says_nothing() -> None:
    found = [replace(one, heap=Heap()) for one in lost(300_000, 300_000)]
    assert report(found).suspects == []


def live(size: int, *, held: int = samples.NONE, kind: int = 0) -> samples.LiveSample:
    return samples.LiveSample(size, 1.0, 0, held, kind, 1, 1, 0, 0, 0)


def test_samples_are_sorted_by_their_blocks() -> None:
    entry = samples.SampledTraceback(
        "endpoint page", [("/srv/app.py", "parse", 40)], 1, 1, False, 9
    )
    ours = samples.SampledTraceback("endpoint page", [], 1, 1, True, 9)
    blocks = [
        live(64),
        live(512, kind=samples.NONE),
        live(513, kind=1),
        live(64, held=3),
        replace(live(64), entry=1),
    ]
    found = samples_of([entry, ours], blocks)
    small, large = unheld(found, ["str", "bytes"])
    assert (small.size, small.objects, small.types) == (576, 64, ["str"])
    assert (large.size, large.objects, large.types) == (513, 513, ["bytes"])
    assert small.sites[0].line == 40
    assert sum(small.born_size) == 64


def test_where_types_do_not_tell_what_they_keep_it_takes_more() -> None:
    """2,000 freed tuples of a few lengths may be among what is in use."""
    assert report(lost(200_000, 200_000)).suspects
    assert not report(lost(200_000, 200_000, kept=None)).suspects
    assert report(lost(600_000, 600_000, kept=None)).suspects
