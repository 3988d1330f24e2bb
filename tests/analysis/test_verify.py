"""Is a leak gone? On snapshots made by hand: the place, its rate, and the error of that."""

from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.slope import slope_of
from flask_heapview.model.cycles import CycleGroup, Cycles
from flask_heapview.model.heap import Heap
from flask_heapview.model.report import EndpointShare, Growing, PathRef, PerRequest
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.model.verification import Earlier, Verification
from flask_heapview.reports.queries import judge_in_words
from flask_heapview.reports.verification import verify_in_words

from .factories import row

LEAKY = row(100, 200, 300, 400, 500)
FINGERPRINT = judge_in_words(LEAKY).suspects[0].fingerprint
UNKNOWN = "0" * 16


def earlier(bytes_per_request: float, path: str | None = "app.cache") -> Earlier:
    """As a report of before the fix has it."""
    return Earlier(
        fingerprint=FINGERPRINT,
        cause="unbounded-container",
        growing=Growing("str", 100, 100_000, PerRequest(1.0, bytes_per_request)),
        holder=None if path is None else PathRef(path, "dict"),
    )


def verified(
    snapshots: list[Snapshot], fingerprint: str = FINGERPRINT, before: Earlier | None = None
) -> Verification:
    return verify_in_words(snapshots, fingerprint, before)


def test_what_still_grows_is_still_there() -> None:
    found = verified(LEAKY)
    assert (found.result, found.path, found.cause) == (
        "still-there",
        "app.cache",
        "unbounded-container",
    )
    assert (found.bytes_per_request, found.margin_bytes, found.requests) == (1000, 0, 400)
    assert found.summary == "still there: 1 ± 0 kB a request over 400 requests, at app.cache."


def test_what_stays_is_gone_though_only_its_hash_is_known() -> None:
    found = verified(row(300, 300, 300, 300, 300))
    assert (found.result, found.path, found.whole) == ("gone", "app.cache", False)
    assert found.summary == "gone: 0 ± 0 B a request over 400 requests, at app.cache."
    assert found.advice == ""


def test_the_earlier_rate_is_told() -> None:
    found = verified(row(300, 300, 300, 300, 300), before=earlier(9200.0))
    assert found.before == 9200
    assert found.summary.endswith("It was 9.2 kB a request.")


def test_a_place_that_is_no_more_is_gone() -> None:
    found = verified(row(300, 300, 300, 300), before=earlier(9200.0, "app.registry.seen"))
    assert (found.result, found.path, found.bytes_per_request) == ("gone", "app.registry.seen", 0)


def test_the_endpoint_that_leaked_has_to_be_asked() -> None:
    flat = row(300, 300, 300, 300, 300)
    before = earlier(1000.0)
    asked = replace(before, endpoints=[EndpointShare("page", 1.0)])
    assert verified(flat, before=asked).result == "gone"
    found = verified(flat, before=replace(before, endpoints=[EndpointShare("other", 1.0)]))
    assert (found.result, found.doubt, found.more_requests) == ("inconclusive", "not-asked", 0)
    assert found.advice == "No request went to other, where the leak was: name its path."


def test_too_few_requests_tell_nothing() -> None:
    found = verified(row(300, 300, 300, 300, step=20))
    assert (found.result, found.doubt) == ("inconclusive", "few-requests")
    assert "That is too few to tell. Make more: --requests 500." in found.advice


def test_a_cache_below_its_limit_may_level_off() -> None:
    """The judge acquits it, but it did grow."""
    found = verified(row(100, 200, 300, 400, 500, limit=1000), before=earlier(1000.0))
    assert (found.result, found.doubt, found.more_requests) == (
        "inconclusive",
        "may-level-off",
        1600,
    )
    slowing = verified(row(100, 200, 260, 280, 281))
    assert (slowing.result, slowing.doubt) == ("inconclusive", "may-level-off")


def test_an_error_that_has_room_for_the_leak_decides_nothing() -> None:
    noisy = row(300, 320, 290, 330, 300)
    assert verified(noisy).result == "gone"  # nobody said how large it was
    found = verified(noisy, before=earlier(200.0))
    assert (found.result, found.doubt) == ("inconclusive", "imprecise")
    assert found.more_requests >= 1600
    assert verified(noisy, before=earlier(5000.0)).result == "gone"


def test_garbage_has_a_figure_of_its_own() -> None:
    leaky = [with_garbage(one, 1000 * (turn + 1)) for turn, one in enumerate(row(*[300] * 5))]
    (suspect,) = judge_in_words(leaky).suspects
    assert suspect.cause == "reference-cycle"
    there = verified(leaky, suspect.fingerprint)
    assert (there.result, there.bytes_per_request) == ("still-there", 1000)
    fixed = [with_garbage(one, 1000) for one in row(*[300] * 5)]
    before = replace(earlier(1000.0, None), cause="reference-cycle")
    gone = verified(fixed, suspect.fingerprint, before)
    assert (gone.result, gone.path, gone.whole, gone.bytes_per_request) == ("gone", None, False, 0)


def with_garbage(snapshot: Snapshot, objects: int) -> Snapshot:
    group = CycleGroup(
        fingerprint="node",
        chain="Node → Node",
        types=["app.Node"],
        components=objects,
        count=objects,
        size=100 * objects,
        garbage=True,
    )
    cycles = Cycles(garbage_objects=objects, garbage_bytes=100 * objects, groups=[group])
    return replace(snapshot, cycles=cycles)


def test_a_fingerprint_of_nothing_here() -> None:
    snapshots = [
        replace(one, heap=Heap(size=1_000_000 + 10 * turn))
        for turn, one in enumerate(row(*[300] * 5))
    ]
    found = verified(snapshots, UNKNOWN)
    assert (found.result, found.whole, found.cause) == ("gone", True, None)
    assert found.summary == "gone: 0.1 ± 0 B a request over 400 requests of all live objects."
    assert "Nothing in this process has that fingerprint." in found.advice


def test_other_leaks_are_named() -> None:
    found = verified(LEAKY, UNKNOWN)
    assert found.result == "gone"
    assert "Another leak was found: unbounded-container at app.cache." in found.advice
    assert [one.fingerprint for one in found.others] == [FINGERPRINT]
    assert verified(LEAKY).others == []


@pytest.mark.parametrize(
    ("values", "rate", "margin"),
    [
        ([0, 100, 200, 300], 1.0, 0.0),
        ([5, 5, 5], 0.0, 0.0),
        ([0, 100], 1.0, math.inf),
        # by hand: residuals 1, -2, 1 of 600 with one degree of freedom
        ([100, 198, 300], 1.0, 12.71 * math.sqrt(2.6666666) / math.sqrt(20_000)),
    ],
)
def test_a_slope_and_its_error(values: list[float], rate: float, margin: float) -> None:
    requests = [100.0 * n for n in range(len(values))]
    found = slope_of(requests, values)
    assert found.rate == pytest.approx(rate)
    assert found.margin == pytest.approx(margin, rel=1e-3)


def test_without_requests_there_is_no_slope() -> None:
    found = slope_of([100.0, 100.0, 100.0], [1.0, 2.0, 3.0])
    assert (found.rate, found.margin) == (0.0, math.inf)


def test_the_error_covers_the_truth_as_often_as_it_says() -> None:
    """95 % intervals, of noisy readings around a known rate."""
    import random

    dice, inside = random.Random(11), 0
    requests = [100.0 * n for n in range(7)]
    for _ in range(2000):
        noisy: Any = [3 * at + dice.gauss(0, 40) for at in requests]
        found = slope_of(requests, noisy)
        inside += found.least <= 3 <= found.most
    assert 0.93 <= inside / 2000 <= 0.97
