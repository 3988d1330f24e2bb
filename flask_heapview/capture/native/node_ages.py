"""How old what the nodes of the tree hold is, by the samples that the walk met there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ...allocations.samples import LiveSample, Samples
from ...model.births import BINS, Ages, NodeAges
from ...model.stacks import Stacks
from . import walk_file

MIN_SAMPLES = 12  # from which the ages at a node are told: fewer say nothing of a rate
MIN_OWN_SAMPLES = 3  # of the node's own objects: else they may be older than all below them
START_BINS = BINS // 4
MAX_STANDARD_ERRORS = 2.0  # by which a node's own objects may be older than what hangs below


class _Column:
    """Samples at a node, by their birth."""

    def __init__(self) -> None:
        self.size = [0.0] * BINS
        self.counts = [0] * BINS

    def put(self, at: int, live: LiveSample) -> None:
        self.size[at] += live.size / live.chance
        self.counts[at] += 1

    def add(self, other: _Column) -> None:
        for n in range(BINS):
            self.size[n] += other.size[n]
            self.counts[n] += other.counts[n]

    @property
    def samples(self) -> int:
        return sum(self.counts)

    @property
    def early(self) -> float:
        """The share of it from the first quarter."""
        return sum(self.size[:START_BINS]) / sum(self.size)


def node_ages(found: Samples | None, stacks: Stacks, place: Sequence[int]) -> Ages:
    """Those of the nodes with samples enough; `place` tells where a node of the walk went.

    Where a node's own objects have few samples, but were born along with what hangs below them,
    all of it is counted.
    """
    if found is None or not found.requests:
        return Ages()
    own: dict[int, _Column] = {}
    for live in _owned(found):
        born = max(live.request, 1) - 1  # the first request is number 1
        at = min(born * BINS // found.requests, BINS - 1)
        own.setdefault(place[live.node], _Column()).put(at, live)
    whole, told = _whole(own, stacks), []
    for node in sorted(own):
        best = _best(own[node], whole[node])
        if best is not None:
            told.append(NodeAges(node, tuple(map(round, best.size)), tuple(best.counts)))
    return Ages(requests=found.requests, nodes=told)


def _best(own: _Column, whole: _Column) -> _Column | None:
    """Which of both tells the ages of a node's own objects; None where neither does."""
    if own.samples < MIN_OWN_SAMPLES or whole.samples < MIN_SAMPLES:
        return None
    error = math.sqrt(whole.early * (1 - whole.early) / own.samples)
    if own.early - whole.early > MAX_STANDARD_ERRORS * error + 1 / own.samples:
        return own
    return own if own.samples >= MIN_SAMPLES else whole


def _owned(found: Samples) -> Iterator[LiveSample]:
    """Those whose holder is known, and whose traceback is their own."""
    for live in found.live:
        if live.node != walk_file.NONE and not live.doubtful and not found.entries[live.entry].ours:
            yield live


def _whole(own: dict[int, _Column], stacks: Stacks) -> dict[int, _Column]:
    """With all that hangs below each node."""
    found: dict[int, _Column] = {}
    for node, column in own.items():
        for above in stacks.chain(node):
            found.setdefault(above, _Column()).add(column)
    return found
