"""Sites that stand at several nodes below one owner."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.analysis.own_sites import added
from flask_heapview.model.births import Births

from .factories import SITE


def test_parts_of_one_site_are_added_up_with_their_samples() -> None:
    births = Births(until=9, size=(700, 200), samples=(2, 1))
    part = replace(SITE, count=3, births=births)
    other = replace(SITE, line=SITE.line + 1, size=5_000)
    first, second = added([part, other, part])
    assert first == other
    assert (second.size, second.count) == (2 * SITE.size, 6)
    assert second.births == Births(until=9, size=(1400, 400), samples=(4, 2))


def test_without_births_there_are_none() -> None:
    (found,) = added([SITE, SITE])
    assert (found.size, found.births) == (2 * SITE.size, None)
