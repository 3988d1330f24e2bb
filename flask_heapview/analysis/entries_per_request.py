"""Containers with one entry for each request that an endpoint ever served.

Where too few of the survivors were sampled to tell their ages, their number tells: what has kept
one entry for each request has let none go. A container that lets entries go has as many only by
chance, one in fifty for each endpoint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..model.ownership import Holder
from ..model.snapshot import Requests, Snapshot, requests_of
from .level_ages import MIN_SAMPLES as MIN_TELLING_SAMPLES

MIN_ENTRIES = 50  # fewer are as many by chance
MAX_DIFFERENCE = 0.01  # share of a number, by which another may differ that is as many
MIN_SAMPLES = 3  # of the survivors, that may tell it is not so
MAX_YOUNG_ERRORS = 2.0  # standard errors by which too few of them may be old


def kept_each(snapshot: Snapshot) -> set[int]:
    """The nodes of what such containers hold, with all that hangs below them; those whose ages
    tell more than their number are left out."""
    own, requests = snapshot.ownership, snapshot.info.requests
    aged = {ages.node for ages in own.ages.nodes if sum(ages.samples) >= MIN_TELLING_SAMPLES}
    holders = {one.node for one in own.holders if _keeps_each(one, requests)}
    found: set[int] = set()
    for node, parent in enumerate(own.stacks.parent):
        is_entry = parent in holders and own.stacks.frame_at(node).label.startswith("[")
        if node not in aged and (is_entry or parent in found):
            found.add(node)
    return found


def is_as_many(found: int, wanted: int) -> bool:
    """Whether it is that number, but for what was just coming or going."""
    return abs(found - wanted) <= max(1, MAX_DIFFERENCE * wanted)


def _keeps_each(holder: Holder, requests: Requests) -> bool:
    if holder.limit is not None or holder.containers > 1 or holder.entries < MIN_ENTRIES:
        return False
    endpoints = {site.endpoint for site in holder.sites}  # a table of code has none
    served = [requests_of(requests.endpoints, one) for one in endpoints if one is not None]
    near = any(is_as_many(holder.entries, n) for n in served)
    return near and not _young(holder)


def _young(holder: Holder) -> bool:
    """Whether fewer of the samples of what it holds are from the first half of the requests than
    chance explains: half of them, within the standard error of a coin's (binomial)."""
    births = [site.births for site in holder.sites if site.births is not None]
    samples = sum(sum(one.samples) for one in births)
    old = sum(sum(_first_half(one.samples)) for one in births)
    expected, error = samples / 2, math.sqrt(samples) / 2
    return samples >= MIN_SAMPLES and (not old or expected - old > MAX_YOUNG_ERRORS * error)


def _first_half(column: Sequence[int]) -> Sequence[int]:
    return column[: len(column) // 2]
