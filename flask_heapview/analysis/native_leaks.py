"""Native leaks, each by itself: what the samples of malloc tell apart.

What one line of Python has libraries take is one leak: a document takes its memory in many
functions. So is what one function takes, whoever calls it, and what one endpoint has one library
take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ..model.native import NativeSite
from .finding import MB, Case
from .native_callers import same_caller
from .series import NO_GROWTH, Growth, measure_growth

MIN_APART_BYTES = MB // 2  # of a leak beside others: less is what libraries keep for themselves
MIN_APART_SAMPLES = 5  # fewer may be chance


class NativeLeak(NamedTuple):
    """Callers that belong together, with what each gained, and how they grew."""

    callers: list[NativeSite]
    growth: Growth


def native_leaks(case: Case, gained: Sequence[NativeSite]) -> list[NativeLeak]:
    """The leaks among the callers that gained, the largest first. None where one snapshot alone
    tells of the past: it has no earlier figures of a caller."""
    if case.rewound:
        return []
    found = []
    for callers in _together(gained):
        growth = _growth(case, callers)
        if growth.grows:
            found.append(NativeLeak(callers, growth))
    return sorted(found, key=lambda leak: -leak.growth.total)


def _together(gained: Sequence[NativeSite]) -> list[list[NativeSite]]:
    """Those that share a mark, directly or by others."""
    groups: list[tuple[set[tuple[object, ...]], list[NativeSite]]] = []
    for site in gained:
        marks = _marks(site)
        joined, callers = set(marks), [site]
        apart = []
        for known, others in groups:
            if known & marks:
                joined |= known
                callers = [*others, *callers]
            else:
                apart.append((known, others))
        groups = [*apart, (joined, callers)]
    return [sorted(callers, key=lambda site: -site.size) for _, callers in groups]


def _marks(site: NativeSite) -> set[tuple[object, ...]]:
    marks: set[tuple[object, ...]] = {("function", site.path, site.function or site.offset)}
    if site.file:
        marks.add(("line", site.file, site.line))
    if site.endpoint is not None:
        marks.add(("endpoint", site.path, site.endpoint))
    return marks


def _growth(case: Case, callers: Sequence[NativeSite]) -> Growth:
    keys = {same_caller(site) for site in callers}
    rows = [
        [site for site in snapshot.native.sites if same_caller(site) in keys]
        for snapshot in case.snapshots
    ]
    if sum(site.samples for site in rows[-1]) < MIN_APART_SAMPLES:
        return NO_GROWTH
    errors = [sum(site.variance for site in row) for row in rows]
    noise = math.sqrt(max(a + b for a, b in pairwise(errors)))
    sizes = [sum(site.size for site in row) for row in rows]
    return measure_growth(case.requests, sizes, MIN_APART_BYTES, noise=noise)
