"""One snapshot, few samples: a container with an entry for each request has let none go."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.entries_per_request import MIN_ENTRIES, kept_each
from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.past_of_owner import MAX_COUNTED_CONFIDENCE
from flask_heapview.model.births import BINS, Ages, Births, NodeAges
from flask_heapview.model.snapshot import Snapshot

from .factories import SITE, snapshot

VALUES = 2  # the node of what app.cache holds
REQUESTS = 400


def looked_at(entries: int, births: tuple[int, ...] = (), **more: Any) -> Snapshot:
    """app.cache after 400 requests, with so few samples that no ages are told."""
    one = snapshot(3, entries, **more)
    site = replace(SITE, births=Births(until=REQUESTS, size=births, samples=births))
    (holder,) = one.ownership.holders
    ages = Ages(requests=REQUESTS)
    own = replace(one.ownership, holders=[replace(holder, sites=[site])], ages=ages)
    return replace(one, ownership=own)


@pytest.mark.parametrize("entries", [REQUESTS, REQUESTS + 4, REQUESTS - 4])
def test_one_for_each_request_is_a_leak(entries: int) -> None:
    report = judge([looked_at(entries)])
    assert report.verdict == "leak"
    (top,) = report.suspects
    assert (top.holder and top.holder.path, top.confidence) == ("app.cache", MAX_COUNTED_CONFIDENCE)
    (said,) = [fact for fact in top.evidence_facts if type(fact).__name__ == "EntryForEach"]
    assert said == type(said)(entries=entries, endpoint="page")


@pytest.mark.parametrize("entries", [REQUESTS // 2, REQUESTS - 8, REQUESTS + 8, 2 * REQUESTS])
def test_another_number_says_nothing(entries: int) -> None:
    assert kept_each(looked_at(entries)) == set()
    assert judge([looked_at(entries)]).verdict == "inconclusive"


def test_a_container_with_a_limit_is_left_to_it() -> None:
    assert kept_each(looked_at(REQUESTS, limit=500)) == set()


def test_few_entries_are_as_many_by_chance() -> None:
    one = looked_at(MIN_ENTRIES - 1)
    few = replace(one.info.requests, total=MIN_ENTRIES - 1, endpoints={"page": MIN_ENTRIES - 1})
    assert kept_each(replace(one, info=replace(one.info, requests=few))) == set()


def test_samples_that_are_all_young_speak_against_it() -> None:
    young = (0,) * (BINS // 2) + (1,) * (BINS // 2)
    assert kept_each(looked_at(REQUESTS, young)) == set()
    assert kept_each(looked_at(REQUESTS, young[::-1])) == {VALUES}
    assert kept_each(looked_at(REQUESTS, (1, 1, *young[2:]))) == {VALUES}
    mostly = (1, *(0,) * (BINS // 2 - 1), *(2,) * (BINS // 2))
    assert kept_each(looked_at(REQUESTS, mostly)) == set()


@pytest.mark.parametrize(("samples", "told"), [(24, set()), (23, {VALUES})])
def test_ages_are_asked_where_they_tell_more(samples: int, told: set[int]) -> None:
    one = looked_at(REQUESTS)
    column = (samples - BINS + 1, *(1,) * (BINS - 1))
    ages = Ages(requests=REQUESTS, nodes=[NodeAges(VALUES, column, column)])
    assert kept_each(replace(one, ownership=replace(one.ownership, ages=ages))) == told
