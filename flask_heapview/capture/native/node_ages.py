"""How old what the nodes of the tree hold is, by the samples that the walk met there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...allocations.birth_bins import BirthBins
from ...allocations.samples import Samples
from ...model.births import BINS, Ages, NodeAges
from ...model.stacks import Stacks
from . import walk_file

MIN_SAMPLES = 12  # from which the ages at a node are told: fewer say nothing of a rate
MIN_OWN_SAMPLES = 3  # of the node's own objects: else they may be older than all below them
OLD_BINS = BINS // 2
MAX_STANDARD_ERRORS = 2.0  # by which the ages of a node's own objects may differ from all below


def node_ages(found: Samples | None, stacks: Stacks, place: Sequence[int]) -> Ages:
    """Those of the nodes with samples enough; `place` tells where a node of the walk went.

    Where a node's own objects were born along with what hangs below them, as far as their samples
    tell, all of it is counted: it has more samples, and so less chance in it.
    """
    if found is None or not found.requests:
        return Ages()
    own: dict[int, BirthBins] = {}
    for live in found.of_service():
        if live.node != walk_file.NONE and not live.doubtful:  # its traceback is its own
            bins = own.setdefault(place[live.node], BirthBins(found.requests))
            bins.put(live.request - 1, live)  # the first request is number 1
    whole, told = _whole(own, stacks, found.requests), []
    for node in sorted(own):
        best = _best(own[node], whole[node])
        if best is not None:
            told.append(NodeAges(node, best.sizes(), tuple(best.samples)))
    return Ages(requests=found.requests, nodes=told)


def _best(own: BirthBins, whole: BirthBins) -> BirthBins | None:
    """Which of both tells the ages of a node's own objects; None where neither does."""
    samples = sum(own.samples)
    if samples < MIN_OWN_SAMPLES or sum(whole.samples) < MIN_SAMPLES:
        return None
    old = _old(whole)
    error = math.sqrt(old * (1 - old) / samples)
    differs = abs(_old(own) - old) > MAX_STANDARD_ERRORS * error + 1 / samples
    return own if differs else whole


def _old(bins: BirthBins) -> float:
    """The share of it from the first half."""
    return sum(bins.size[:OLD_BINS]) / sum(bins.size)


def _whole(own: dict[int, BirthBins], stacks: Stacks, until: int) -> dict[int, BirthBins]:
    """With all that hangs below each node."""
    found: dict[int, BirthBins] = {}
    for node, column in own.items():
        for above in stacks.chain(node):
            found.setdefault(above, BirthBins(until)).add(column)
    return found
