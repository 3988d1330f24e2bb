"""Objects that nothing refers to: a C extension forgot to give their references back.

No walk comes to a string or a number that no object refers to, and no collector knows it. But the
books show it: what Python's small-object allocator has handed out, less what was found in its
blocks, grows. The sampler knows who allocated what no object owns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from ..model.allocations import Allocations, Unheld
from ..model.facts import MemoryGrew, MemoryRate, ObjectsLost
from ..model.ownership import Site
from ..model.snapshot import Snapshot
from .finding import Case, Finding
from .growing_sites import gained_at
from .level_ages import confidence_by_age, uneven_error
from .series import Growth

# bytes in use of which nothing tells whose they are: the same from snapshot to snapshot, measured
# on idle services of CPython 3.11
UNTOLD_BYTES = 50_000
# where Python does not tell what its types keep for later: 2,000 freed tuples of three entries and
# 2,000 of four, 64 and 80 bytes each
UNTOLD_KEPT_BYTES = 290_000
# of the bytes that objects came or went with: code that is loaded has parts that no size tells of
MAX_UNTOLD_SHARE = 0.03
MIN_LOST_ERRORS = 3  # such errors: less is none
MIN_SAMPLED_SHARE = 0.3  # of what came: less in samples, and it is not this
MIN_SITE_SAMPLES = 8  # a leak has not fewer by chance where its bytes let expect some
MIN_SITE_SHARE = 0.05  # of what came: less comes and goes anywhere
MAX_UNSAMPLED_CONFIDENCE = 0.4  # where the sampler was on, and does not know of it
MIN_OBJECTS_SHARE = 0.5  # of the samples: fewer, and these are a library's own structures


def find_lost(case: Case, held: Sequence[Finding]) -> list[Finding]:
    """One suspect where blocks of no object pile up; none where the engine does not count them.

    What the owners `held` allocate at the same place are parts of theirs.
    """
    if any(lost_bytes(snapshot) is None for snapshot in case.snapshots):
        return []
    error = _error(case)
    grown = case.series(lost_bytes, MIN_LOST_ERRORS * error, noise=_noise(case, error))
    if not grown.grows:
        return []
    now = case.target.allocations.unheld_small
    by_age = 1.0
    if now is not None and _are_objects(now):  # or a function that is running works on them
        by_age = confidence_by_age(now.born_size, now.born_samples, case.begun_share)
    if not by_age:
        return []
    sites = sites_gained(case, lambda found: found.unheld_small)
    if sites and any(_place(sites[0]) == _place(site) for one in held for site in one.sites):
        return []
    found = _lost(case, grown, sites, now)
    found.confidence = min(found.confidence, by_age)
    if now is not None and not _is_sampled(sites, grown.total):
        found.confidence = min(found.confidence, MAX_UNSAMPLED_CONFIDENCE)
    return [found]


def _is_sampled(sites: Sequence[Site], lost: float) -> bool:
    """Whether the samples know of it, and are no chance."""
    if sum(site.size for site in sites) < MIN_SAMPLED_SHARE * lost:
        return False
    counts = [sum(site.births.samples) for site in sites if site.births is not None]
    return not counts or sum(counts) >= MIN_SITE_SAMPLES


def _are_objects(found: Unheld) -> bool:
    return found.objects >= MIN_OBJECTS_SHARE * found.size


def _lost(case: Case, grown: Growth, sites: list[Site], now: Unheld | None) -> Finding:
    kind = now.types[0] if now is not None and now.types else ""
    objects = now is None or _are_objects(now)
    return Finding(
        cause="uncollectable" if objects else "native",
        confidence=grown.confidence,
        summary=ObjectsLost(
            bytes=grown.total,
            objects=sum(site.count for site in sites),
            type=kind,
            requests=case.served,
        )
        if objects
        else MemoryGrew(memory="small", bytes=grown.total, requests=case.served),
        path=None,
        type=kind,
        growing=kind,
        objects=sum(site.count for site in sites),
        bytes=grown.total,
        per_request=grown.per_request,
        sites=sites,
        evidence=[
            MemoryRate(
                memory="lost" if objects else "small",
                bytes_per_request=grown.per_request,
                intervals=grown.intervals,
            )
        ],
        figure="anonymous",
        growth=grown,
    )


def lost_bytes(snapshot: Snapshot) -> int | None:
    """In Python's arenas, in use, and in no block of an object that was found."""
    used, small = snapshot.process.allocators.pymalloc_used, snapshot.heap.small
    return None if used is None or small is None else used - small


def _error(case: Case) -> float:
    """By which what an interval lost may be wrong, in bytes."""
    found = case.values(lambda snapshot: snapshot.heap.small)
    moved = max(abs(after - before) for before, after in pairwise(found))
    told = all(one.process.allocators.pymalloc_kept is not None for one in case.snapshots)
    return (UNTOLD_BYTES if told else UNTOLD_KEPT_BYTES) + MAX_UNTOLD_SHARE * moved


def _noise(case: Case, error: float) -> float:
    """Standard error of what an interval lost. Where the samples told the past, they have one: that
    of the part of them in one interval."""
    now = case.target.allocations.unheld_small
    if not case.rewound or now is None:
        return error
    lost = case.values(lost_bytes)
    samples = sum(now.born_samples) / (len(lost) - 1)
    each = (lost[-1] - lost[0]) / (len(lost) - 1)
    return math.hypot(error, each * uneven_error(samples))


def sites_gained(case: Case, which: Callable[[Allocations], Unheld | None]) -> list[Site]:
    """Who allocated what came, of the sampled blocks that no object owns."""
    now, before = which(case.target.allocations), which(case.base.allocations)
    if now is None:
        return []
    found = gained_at([] if before is None or case.rewound else before.sites, now.sites)
    least = MIN_SITE_SHARE * sum(site.size for site in found)
    return [site for site in found if site.size >= least]


def _place(site: Site) -> tuple[str, int]:
    return site.file, site.line
