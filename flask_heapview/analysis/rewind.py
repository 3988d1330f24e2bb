"""What one snapshot says of the time before it: the survivors of each moment, told by their ages.

What was alive then and has gone since is unknown. So a moment of the past shows too little of what
comes and goes, and all of what stays. That is what tells a leak: its survivors are as many from
each time. Those of a bounded cache are all from the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from ..model.births import BINS, NodeAges
from ..model.cycles import Cycles
from ..model.gc import Gc
from ..model.ownership import GARBAGE, Holder, Ownership
from ..model.process import Process
from ..model.snapshot import Requests, Snapshot, SnapshotInfo
from ..model.stacks import Stacks
from .entries_per_request import kept_each
from .lent_ages import lent_ages
from .rewound_process import ThenAndNow, reading_near

MOMENTS = 4  # the last is the snapshot itself
MIN_READ_MOMENTS = 2  # that have a reading near them
MIN_AGED_REQUESTS = 40  # in all bins: fewer tell no rate


class _Past(msgspec.Struct, frozen=True):
    """What is known of nodes that were sampled too seldom."""

    kept: Collection[int]  # those of which each request has left one
    lent: Mapping[int, NodeAges]


def rewound(snapshot: Snapshot) -> list[Snapshot]:
    """The snapshot as it may have been at equal steps of the requests, the oldest first, and
    itself; only itself, where its ages tell nothing."""
    ages, requests = snapshot.ownership.ages, snapshot.info.requests
    if not requests.known or ages.requests < MIN_AGED_REQUESTS:
        return [snapshot]
    garbage = snapshot.ownership.stacks.below(GARBAGE)
    moments = _moments(snapshot)
    known = _Past(kept=kept_each(snapshot), lent=lent_ages(snapshot.ownership))
    return [*(_moment(snapshot, garbage, known, *where) for where in moments), snapshot]


def _moments(snapshot: Snapshot) -> list[tuple[float, int | None]]:
    """Shares of the sampled requests, each with the reading that was made there. At equal steps
    without readings, where there are too few of these."""
    readings, aged = snapshot.process.readings, snapshot.ownership.ages.requests
    missing = snapshot.info.requests.total - aged  # those before sampling began
    equal = [n / MOMENTS for n in range(1, MOMENTS)]
    begun = readings.begun() if readings.now else []
    found = [reading_near(begun, missing + aged * share, aged) for share in equal]
    near = sorted({at for at in found if at is not None})
    if len(near) < MIN_READ_MOMENTS:
        return [(share, None) for share in equal]
    return [((begun[at] - missing) / aged, at) for at in near]


def _moment(
    snapshot: Snapshot,
    garbage: Sequence[int],
    known: _Past,
    share: float,
    at: int | None,
) -> Snapshot:
    """Where that share of the sampled requests had begun, at a reading if there is one."""
    own = _ownership(snapshot, known, share)
    past = replace(
        snapshot,
        process=_unheld_then(snapshot, share),
        ownership=own,
        cycles=_cycles(snapshot, own.stacks, garbage),
        info=_info(snapshot, share),
    )
    if at is not None:
        came = sum(snapshot.ownership.stacks.size) - sum(own.stacks.size)
        then = ThenAndNow(snapshot.process.readings, at, came)
        past = replace(
            past,
            process=then.process(past.process),
            resources=then.resources(snapshot.resources),
            info=replace(past.info, clock=then.clock),
        )
    return replace(past, gc=_gc(snapshot.gc, snapshot.info.clock - past.info.clock))


def _gc(now: Gc, seconds: float) -> Gc:
    """So many seconds before, as far as the collections since are remembered."""
    recent, freed = now.recent, Counter[int]()
    rows = zip(recent.generation, recent.before, recent.collected, strict=True)
    for generation, before, collected in rows:
        if before <= seconds:
            freed[generation] += collected
    then = [
        replace(one, collected=one.collected - freed[n]) for n, one in enumerate(now.generations)
    ]
    return replace(now, generations=then)


def _unheld_then(snapshot: Snapshot, share: float) -> Process:
    """Without the small blocks that nobody holds and that were not there yet."""
    now, unheld = snapshot.process, snapshot.allocations.unheld_small
    used = now.allocators.pymalloc_used
    if used is None or unheld is None or not sum(unheld.born_size):
        return now
    came = sum(unheld.born_size) * (1 - _born(unheld.born_size, share))
    return replace(now, allocators=replace(now.allocators, pymalloc_used=used - round(came)))


def _cycles(snapshot: Snapshot, past: Stacks, garbage: Sequence[int]) -> Cycles:
    """The garbage that was there already."""
    now = snapshot.cycles
    before, after = (
        sum(tree.count[node] for node in garbage) for tree in (past, snapshot.ownership.stacks)
    )
    share = before / after if after else 1.0
    return replace(
        now,
        garbage_objects=round(now.garbage_objects * share),
        garbage_bytes=round(now.garbage_bytes * share),
    )


def _ownership(snapshot: Snapshot, known: _Past, share: float) -> Ownership:
    own, total = snapshot.ownership, snapshot.info.requests.total
    born = {ages.node: _born(ages.size, share) for ages in own.ages.nodes}
    born |= {node: _born(ages.size, share) for node, ages in known.lent.items()}
    born |= dict.fromkeys(known.kept, 1 - own.ages.requests * (1 - share) / total)
    stacks = own.stacks
    past = replace(stacks, count=_scaled(stacks.count, born), size=_scaled(stacks.size, born))
    entries = _entries_born(stacks, past)
    holders = [_holder(holder, entries.get(holder.node, 1.0)) for holder in own.holders]
    return replace(own, stacks=past, holders=holders)


def _born(size: Sequence[int], share: float) -> float:
    """The share of what is alive that was born in that share of the requests, of such bins."""
    whole, part = divmod(BINS * min(max(share, 0.0), 1.0), 1)
    last = part * size[int(whole)] if part else 0.0
    return (sum(size[: int(whole)]) + last) / max(1, sum(size))


def _scaled(column: Sequence[int], born: Mapping[int, float]) -> list[int]:
    found = list(column)
    for node, share in born.items():
        found[node] = round(found[node] * share)
    return found


def _entries_born(now: Stacks, past: Stacks) -> dict[int, float]:
    """By container: the share of its entries that were there already."""
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for node, parent in enumerate(now.parent):
        if parent >= 0 and now.frame_at(node).label.startswith("["):
            before[parent] = before.get(parent, 0) + past.count[node]
            after[parent] = after.get(parent, 0) + now.count[node]
    return {node: before[node] / count for node, count in after.items() if count}


def _holder(holder: Holder, share: float) -> Holder:
    # the marks of its first and its last entry are those of now
    return replace(holder, entries=round(holder.entries * share), ends=[])


def _info(snapshot: Snapshot, share: float) -> SnapshotInfo:
    """The requests are taken to have come at one rate, and in the same mix, all the time."""
    info, aged, left = snapshot.info, snapshot.ownership.ages.requests, 1 - share
    of_total = aged * left / max(1, info.requests.total)
    requests = Requests(
        total=info.requests.total - round(aged * left),
        endpoints={k: round(n * (1 - of_total)) for k, n in info.requests.endpoints.items()},
        counted_by=info.requests.counted_by,
    )
    clock = info.clock - snapshot.allocations.since * left
    return replace(info, requests=requests, clock=clock)
