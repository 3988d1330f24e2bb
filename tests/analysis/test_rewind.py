"""One snapshot, and what the ages of its survivors say of the time before."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.rewind import MIN_AGED_REQUESTS, MOMENTS, rewound
from flask_heapview.model.allocations import Allocations
from flask_heapview.model.births import BINS, Ages, NodeAges
from flask_heapview.model.cycles import CycleGroup, Cycles
from flask_heapview.model.gc import Gc, Generation, RecentCollections
from flask_heapview.model.process import Bridge, Process, Readings
from flask_heapview.model.resources import Resources
from flask_heapview.model.snapshot import Snapshot

from .factories import MB, snapshot, tree

LEVEL = (1000,) * BINS
VALUES = 2  # the node of what app.cache holds


def aged(size: tuple[int, ...], requests: int = 400, **more: Any) -> Snapshot:
    """app.cache with 400 entries after 400 requests, born like that."""
    one = snapshot(3, 400, **more)
    ages = Ages(requests=requests, nodes=[NodeAges(VALUES, size, (12,) * BINS)])
    return replace(one, ownership=replace(one.ownership, ages=ages))


def young(bins: int) -> tuple[int, ...]:
    """All of it from the last bins."""
    return (0,) * (BINS - bins) + (1000,) * bins


def old(bins: int) -> tuple[int, ...]:
    return young(bins)[::-1]


FALLING = tuple(round(4000 * 0.7**n) for n in range(BINS))


def test_a_snapshot_goes_back_in_equal_steps() -> None:
    row = rewound(aged(LEVEL))
    assert [s.ownership.holders[0].entries for s in row] == [100, 200, 300, 400]
    assert [s.ownership.stacks.count[VALUES] for s in row] == [100, 200, 300, 400]
    assert [s.info.requests.total for s in row] == [100, 200, 300, 400]
    assert [s.info.requests.endpoints["page"] for s in row] == [100, 200, 300, 400]
    assert len(row) == MOMENTS


def test_sampling_that_began_later_reaches_back_to_its_beginning() -> None:
    row = rewound(aged(LEVEL, requests=200))
    assert [s.info.requests.total for s in row] == [250, 300, 350, 400]


@pytest.mark.parametrize("requests", [0, MIN_AGED_REQUESTS - 1])
def test_without_ages_there_is_no_past(requests: int) -> None:
    one = aged(LEVEL, requests=requests)
    assert rewound(one) == [one]
    report = judge([one])
    assert (report.verdict, report.suspects) == ("inconclusive", [])


def test_what_was_born_in_every_part_is_a_leak() -> None:
    report = judge([aged(LEVEL)])
    assert report.verdict == "leak"
    (top,) = report.suspects
    assert top.holder is not None
    assert top.holder.path == "app.cache"
    assert (top.cause, top.confidence) == ("unbounded-container", 0.8)
    assert (report.base, report.interval.snapshots, report.interval.requests) == (None, 1, 400)
    kinds = [type(fact).__name__ for fact in top.evidence_facts]
    assert "Survivors" in kinds
    assert "SteadyRate" not in kinds


@pytest.mark.parametrize(
    "size",
    [young(1), young(4), young(8), young(12), old(1), old(4), old(8), FALLING],
    ids=["the last", "a quarter", "half", "three quarters", "start", "old", "older", "falling"],
)
def test_what_was_not_is_none(size: tuple[int, ...]) -> None:
    report = judge([aged(size)])
    assert report.verdict == "inconclusive"
    assert all(suspect.confidence < 0.5 for suspect in report.suspects)


def test_the_young_are_not_said_to_be_of_all_ages() -> None:
    (suspect,) = judge([aged(young(12))]).suspects
    assert "Survivors" not in [type(fact).__name__ for fact in suspect.evidence_facts]


def test_one_snapshot_is_never_a_proof_that_nothing_leaks() -> None:
    assert judge([aged(old(1))]).verdict == "inconclusive"


def test_a_container_with_a_limit_is_not_accused() -> None:
    assert judge([aged(LEVEL, limit=1000)]).suspects == []


def test_garbage_that_was_born_in_every_part_is_never_collected() -> None:
    garbage = tree(
        ([("(cyclic garbage)", "")], 1, 0),
        ([("(cyclic garbage)", ""), ("[object]", "app.Node")], 4000, 400_000),
    )
    group = CycleGroup(
        fingerprint="f",
        chain="app.Node.other → app.Node",
        garbage=True,
        components=2000,
        count=4000,
        size=400_000,
        types=["app.Node"],
    )
    one = snapshot(3, 0, cycles=Cycles(garbage_objects=4000, garbage_bytes=400_000, groups=[group]))

    def judged(size: tuple[int, ...], freed: int = 0, before: float = 1.0) -> list[str]:
        own = replace(
            one.ownership,
            stacks=garbage.build(),
            holders=[],
            ages=Ages(requests=400, nodes=[NodeAges(1, size, (12,) * BINS)]),
        )
        recent = RecentCollections(before=[before], generation=[1], pause=[0.1], collected=[freed])
        generations = [
            Generation(threshold=700, count=0, collections=9, collected=9000, uncollectable=0)
            for _ in range(3)
        ]
        collector = Gc(recent=recent, generations=generations)
        known = replace(one, ownership=own, gc=collector, allocations=Allocations(since=40.0))
        return [s.cause for s in judge([known]).suspects if s.confidence >= 0.5]

    assert judged(LEVEL) == ["reference-cycle"]
    assert judged(young(1)) == []
    # a few requests' objects grew old in a collector that does its work
    assert judged(LEVEL, freed=9000, before=20.0) == []
    assert judged(LEVEL, freed=500, before=20.0) == ["reference-cycle"]
    assert judged(LEVEL, freed=9000, before=50.0) == ["reference-cycle"]  # at the start


def read(snapshot: Snapshot, **levels: list[int]) -> Snapshot:
    """With a reading after each tenth request; figures that are not named stayed as they were."""
    count = 41
    columns = {name: levels.get(name, [1000] * count) for name in FIGURES}
    readings = Readings(
        clock=[n / 2 for n in range(count)],
        requests={"page": [10 * n for n in range(count)]},
        now={name: column[-1] for name, column in columns.items()},
        **columns,
    )
    process = Process(
        machine_total=8_000 * MB,
        anonymous=columns["anonymous"][-1],
        tmpfs=columns["files"][-1],
        bridge=Bridge(native=columns["malloc"][-1]),
        readings=readings,
    )
    resources = Resources(
        descriptors=columns["descriptors"][-1], thread_count=columns["threads"][-1]
    )
    return replace(snapshot, process=process, resources=resources)


FIGURES = ("malloc", "anonymous", "files", "descriptors", "threads")
RISING = [MB * n for n in range(41)]
RISEN = [MB * min(n, 8) for n in range(41)]


def causes(snapshot: Snapshot) -> list[str]:
    return [s.cause for s in judge([snapshot]).suspects if s.confidence >= 0.5]


def test_native_memory_has_a_past_too() -> None:
    flat = aged(old(1))
    assert causes(read(flat, malloc=RISING, anonymous=RISING)) == ["native"]
    assert causes(read(flat, malloc=RISEN, anonymous=RISEN)) == []


def test_free_memory_has_one() -> None:
    flat = aged(old(1))
    free = replace(flat.process.allocators, pymalloc_free=60 * MB, pymalloc_arenas=80 * MB)

    def pinned(anonymous: list[int]) -> Snapshot:
        one = read(flat, anonymous=anonymous)
        return replace(one, process=replace(one.process, allocators=free))

    assert causes(pinned(RISING)) == ["fragmentation"]
    assert causes(pinned(RISEN)) == []


def test_files_in_memory_have_one() -> None:
    flat = aged(old(1))
    assert causes(read(flat, files=RISING)) == ["off-process"]
    assert causes(read(flat, files=RISEN)) == []


def test_what_the_objects_took_is_not_native() -> None:
    leak = aged(LEVEL)  # of 400 kB
    malloc = [10_000 * n for n in range(41)]
    assert causes(read(leak, malloc=malloc, anonymous=malloc)) == ["unbounded-container"]


@pytest.mark.parametrize(
    ("figure", "cause"), [("descriptors", "unclosed-resource"), ("threads", "thread")]
)
def test_descriptors_and_threads_have_one(figure: str, cause: str) -> None:
    flat = aged(old(1))
    assert causes(read(flat, **{figure: [8 + n for n in range(41)]})) == [cause]
    assert causes(read(flat, **{figure: [8 + min(n, 9) for n in range(41)]})) == []


def test_a_moment_is_where_a_reading_is() -> None:
    one = read(aged(LEVEL))
    assert [s.info.requests.total for s in rewound(one)] == [100, 200, 300, 400]
    thin = replace(
        one.process.readings,
        **{key: [400, 500, 600] for key in FIGURES},
        clock=[1.0, 7.5, 14.0],
        requests={"page": [20, 130, 280]},
    )

    def moments(readings: Readings) -> list[Snapshot]:
        return rewound(replace(one, process=replace(one.process, readings=readings)))

    # a reading at 130 is near to 100, one at 280 to 300, and none to 200
    row = moments(thin)
    assert [s.info.requests.total for s in row] == [130, 280, 400]
    assert [s.info.clock for s in row][:2] == [7.5, 14.0]
    assert [s.ownership.stacks.count[VALUES] for s in row] == [130, 280, 400]
    assert [s.process.tmpfs for s in row] == [500, 600, 1000]
    # one alone is too few
    row = moments(replace(thin, requests={"page": [0, 20, 280]}))
    assert [s.info.requests.total for s in row] == [100, 200, 300, 400]
    assert [s.process.tmpfs for s in row] == [1000] * 4


def test_few_early_samples_are_no_proof_of_youth() -> None:
    """A bin without a sample may be chance; where there are many samples, it is not."""
    early = (400, 400, 400, 400, *(1000,) * 12)

    def confidence(samples: int) -> float:
        one = aged(early)
        ages = Ages(requests=400, nodes=[NodeAges(VALUES, early, (samples,) * BINS)])
        (top,) = judge([replace(one, ownership=replace(one.ownership, ages=ages))]).suspects
        return top.confidence

    assert confidence(1) == 0.8
    assert confidence(50) < 0.5
