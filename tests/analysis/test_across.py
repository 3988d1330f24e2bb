"""Workers compared with one another: the outliers are named, and nothing is called growth."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.across import compare_workers, middle
from flask_heapview.model.across import Across
from flask_heapview.model.base import from_json, to_json
from flask_heapview.model.caches import Cache, Caches
from flask_heapview.model.heap import Heap
from flask_heapview.model.ownership import Holder, Ownership
from flask_heapview.model.process import Process
from flask_heapview.model.query import WorkerRef
from flask_heapview.model.service_report import MissingWorker
from flask_heapview.model.snapshot import Snapshot, SnapshotInfo
from flask_heapview.model.worker_facts import (
    AboutTheSame,
    HeapDiffers,
    NoSnapshot,
    OnlyIn,
    OwnerDiffers,
    ResidentDiffers,
    TooFewToCompare,
)
from flask_heapview.render.sentences.workers import with_across_sentences

from .factories import MB, tree

MODULE = ("app", "module")


def worker(number: int, *owners: tuple[str, int, int], **more: Any) -> tuple[WorkerRef, Snapshot]:
    """A worker whose module `app` has dicts: (name, entries, bytes)."""
    paths, holders = [([MODULE], 1, 100)], []
    for name, entries, size in owners:
        node = len(paths)
        steps = [MODULE, (f".{name}", "dict")]
        paths += [(steps, 1, 64), ([*steps, ("[value]", "str")], entries, size)]
        path = f"app.{name}"
        if entries >= 4:
            holders.append(Holder(node=node, path=path, type="dict", entries=entries, app=True))
    stacks = tree(*paths).build()
    size = sum(stacks.size)
    snapshot = Snapshot(
        info=SnapshotInfo(
            id=f"20260101-00000{number}-00000000",
            state="done",
            worker=f"{number}-0",
            taken_at="2026-01-01T00:00:00Z",
        ),
        heap=Heap(objects=sum(stacks.count), size=size),
        ownership=Ownership(stacks=stacks, holders=holders, app_roots=["app"]),
        process=Process(resident=more.pop("resident", 50 * MB + size)),
        **more,
    )
    return WorkerRef(number, f"{number}-0"), snapshot


def compared(
    *workers: tuple[WorkerRef, Snapshot], missing: tuple[MissingWorker, ...] = ()
) -> Across:
    made = with_across_sentences(compare_workers(workers, missing))
    assert from_json(to_json(made), Across) == made
    assert "growth" in made.note
    return made


def facts(made: Across, kind: type[Any]) -> list[Any]:
    return [each.fact for each in made.differences if isinstance(each.fact, kind)]


@pytest.mark.parametrize(
    ("values", "place"), [([5, 3], 1), ([5, 3, 9], 0), ([4, 1, 3, 2], 3), ([7], 0), ([2, 2, 2], 0)]
)
def test_the_middle_is_a_worker_of_its_own(values: list[int], place: int) -> None:
    assert middle(values) == place


def test_who_holds_more_than_whom_and_where() -> None:
    made = compared(
        worker(1, ("cache", 100, MB), ("log", 50, MB)),
        worker(2, ("cache", 100, MB), ("log", 50, MB)),
        worker(3, ("cache", 4000, 401 * MB), ("log", 50, MB)),
    )
    assert made.summary == (
        "Worker 3 holds 400.0 MB more than worker 1, in app.cache. "
        "It has 4,000 entries there, worker 1 has 100 entries."
    )
    (fact,) = facts(made, OwnerDiffers)
    assert (fact.number, fact.than_number, fact.path, fact.bytes) == (3, 1, "app.cache", 400 * MB)
    (owner,) = made.owners
    assert owner.entries == [100, 100, 4000]
    assert owner.spread == 400 * MB
    assert [w.number for w in made.workers] == [1, 2, 3]


def test_who_holds_less_is_told_too() -> None:
    full = ("cache", 1000, 100 * MB)
    made = compared(worker(1, full), worker(2, full), worker(3, ("cache", 10, MB)))
    (fact,) = facts(made, OwnerDiffers)
    assert (fact.number, fact.more, fact.bytes) == (3, False, 99 * MB)
    assert made.summary.startswith("Worker 3 holds 99.0 MB less than worker 1, in app.cache.")


def test_two_places_are_two_sentences() -> None:
    made = compared(
        worker(1, ("cache", 10, MB), ("log", 10, MB)),
        worker(2, ("cache", 900, 60 * MB), ("log", 900, 40 * MB)),
    )
    assert [fact.path for fact in facts(made, OwnerDiffers)] == ["app.cache", "app.log"]


def test_what_one_worker_alone_has() -> None:
    made = compared(worker(1, ("cache", 0, 0)), worker(2, ("cache", 500, 2 * MB)), worker(3))
    (fact,) = facts(made, OnlyIn)
    assert (fact.number, fact.path, fact.entries) == (2, "app.cache", 500)
    assert not facts(made, OwnerDiffers), "it was told already"
    assert made.summary == "Only worker 2 has entries in dict app.cache: 500 entries (2.0 MB)."


def test_a_cache_that_one_worker_alone_has() -> None:
    found = Caches(caches=[Cache("app.price", "functools._lru_cache_wrapper", "functools", 128)])
    empty = Caches(caches=[replace(found.caches[0], entries=0)])
    made = compared(worker(1, caches=empty), worker(2, caches=found))
    (fact,) = facts(made, OnlyIn)
    assert (fact.number, fact.path, fact.bytes) == (2, "app.price", None)
    assert not facts(compared(worker(1, caches=found), worker(2, caches=found)), OnlyIn)


def test_resident_memory_says_how_much_of_it_is_objects() -> None:
    made = compared(worker(1), worker(2, resident=90 * MB))
    (fact,) = facts(made, ResidentDiffers)
    assert (fact.number, fact.than_number, fact.objects_bytes) == (2, 1, 0)
    assert "Python objects account for 0 B of it." in made.summary


def test_python_heaps_that_differ_at_equal_resident_memory() -> None:
    big = ("cache", 1000, 30 * MB)
    made = compared(worker(1, resident=90 * MB), worker(2, big, resident=90 * MB))
    assert facts(made, ResidentDiffers) == []
    (fact,) = facts(made, HeapDiffers)
    assert fact.number == 2


def test_small_differences_are_no_outliers() -> None:
    made = compared(*[worker(n, ("cache", 100 + n, 100_000 + n)) for n in (1, 2, 3)])
    assert made.differences == made.owners == []
    assert isinstance(made.summary_facts[0], AboutTheSame)
    assert made.summary.startswith("3 workers hold about the same.")


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_are_not_compared(count: int) -> None:
    missing = MissingWorker(2, "2-0", NoSnapshot(number=2, worker="2-0"))
    made = compared(*[worker(1, ("cache", 500, 9 * MB))][:count], missing=(missing,))
    assert made.differences == made.owners == []
    assert made.summary_facts == [TooFewToCompare(workers=count)]
    assert made.missing[0].reason == "worker 2 has no snapshot: capture it"
    assert len(made.workers) == count
