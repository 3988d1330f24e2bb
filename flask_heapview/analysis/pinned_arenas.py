"""Arenas of Python's own allocator that a few objects keep from being given back.

CPython gives an arena back as soon as it is empty (Objects/obmalloc.c). So what is free in arenas
is pinned by what is left in them. A peak that is over leaves none of it behind.
"""

from __future__ import annotations

import msgspec

from ..model.snapshot import Snapshot
from .finding import MB, Case
from .series import NO_GROWTH, Growth, measure_growth

MIN_PINNED_BYTES = 32 * MB  # 128 arenas of Python 3.9, 32 of 3.10 and later
MIN_PINNED_SHARE = 0.5  # of the arenas, that is free
MIN_OF_GROWTH = 0.5  # of what the process keeps beside its objects, that is in arenas
MIN_LAST_SHARE = 0.03  # of the growth, that came in the last interval: a peak leaves less
PINNED_CONFIDENCE = 0.6  # of such growth: it may level off where the largest request is reached


def pinned_growth(case: Case) -> Growth:
    """The growth of what the process keeps beside its objects, where most of it is pinned.

    What running functions hold would be free without them, or given back. It comes and goes from
    snapshot to snapshot in a busy worker, and the sum of both does not.
    """
    # a snapshot may show it that was taken while little ran: what is pinned stays so
    if case.rewound or not any(_is_pinned(later) for later in case.snapshots[1:]):
        return NO_GROWTH
    beside = map(_kept_beside_objects, case.snapshots, case.passing)
    kept = measure_growth(case.requests, list(beside), MIN_PINNED_BYTES, lumpy=True)
    in_arenas = _free(case.target) + case.passing[-1] - _free(case.base) - case.passing[0]
    if kept.intervals < 2 or in_arenas < MIN_OF_GROWTH * kept.total:
        return NO_GROWTH
    if kept.rates[-1].gained < MIN_LAST_SHARE * kept.total:
        return NO_GROWTH
    return msgspec.structs.replace(kept, confidence=max(kept.confidence, PINNED_CONFIDENCE))


def _is_pinned(snapshot: Snapshot) -> bool:
    free, arenas = _free(snapshot), snapshot.process.allocators.pymalloc_arenas or 0
    return free >= MIN_PINNED_BYTES and free >= MIN_PINNED_SHARE * arenas


def _free(snapshot: Snapshot) -> int:
    return snapshot.process.allocators.pymalloc_free or 0


def _kept_beside_objects(snapshot: Snapshot, passing: int) -> float:
    """Resident memory of no file, without objects that stay and what the C library handed out."""
    bridge = snapshot.process.bridge
    stays = (bridge.python_objects or 0) - passing
    return (snapshot.process.anonymous or 0) - stays - (bridge.native or 0)
