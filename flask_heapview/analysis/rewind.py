"""What one snapshot says of the time before it: the survivors of each moment, told by their ages.

What was alive then and has gone since is unknown. So a moment of the past shows too little of what
comes and goes, and all of what stays. That is what tells a leak: its survivors are as many from
each time. Those of a bounded cache are all from the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..model.births import BINS, NodeAges
from ..model.cycles import Cycles
from ..model.ownership import GARBAGE, Holder, Ownership
from ..model.snapshot import Requests, Snapshot, SnapshotInfo
from ..model.stacks import Stacks
from .rewound_process import ThenAndNow, reading_at

MOMENTS = 4  # the last is the snapshot itself
MIN_AGED_REQUESTS = 40  # in all bins: fewer tell no rate


def rewound(snapshot: Snapshot) -> list[Snapshot]:
    """The snapshot as it may have been at equal steps of the requests, the oldest first, and
    itself; only itself, where its ages tell nothing."""
    ages, requests = snapshot.ownership.ages, snapshot.info.requests
    if not requests.known or ages.requests < MIN_AGED_REQUESTS:
        return [snapshot]
    return [*(_moment(snapshot, n / MOMENTS) for n in range(1, MOMENTS)), snapshot]


def _moment(snapshot: Snapshot, share: float) -> Snapshot:
    """Where that share of the sampled requests had begun."""
    own = _ownership(snapshot.ownership, share)
    past = replace(
        snapshot,
        ownership=own,
        cycles=_cycles(snapshot, own),
        info=_info(snapshot, share),
    )
    at = reading_at(snapshot, past.info.requests.total)
    if at is None:
        return past
    came = sum(snapshot.ownership.stacks.size) - sum(own.stacks.size)
    then = ThenAndNow(snapshot.process.readings, at, came)
    return replace(
        past,
        process=then.process(snapshot.process),
        resources=then.resources(snapshot.resources),
        info=replace(past.info, clock=then.clock),
    )


def _cycles(snapshot: Snapshot, past: Ownership) -> Cycles:
    """The garbage that was there already."""
    now, stacks = snapshot.cycles, snapshot.ownership.stacks
    there = [n for n, up in enumerate(stacks.parent) if up < 0 and _is_garbage(stacks, n)]
    counts = [tree.totals()[0] for tree in (past.stacks, stacks)]
    before, after = (sum(count[node] for node in there) for count in counts)
    share = before / after if after else 1.0
    return replace(
        now,
        garbage_objects=round(now.garbage_objects * share),
        garbage_bytes=round(now.garbage_bytes * share),
    )


def _is_garbage(stacks: Stacks, node: int) -> bool:
    return stacks.frame_at(node).label.startswith(GARBAGE)


def _ownership(own: Ownership, share: float) -> Ownership:
    born = {ages.node: _born(ages, share) for ages in own.ages.nodes}
    stacks = own.stacks
    past = replace(stacks, count=_scaled(stacks.count, born), size=_scaled(stacks.size, born))
    entries = _entries_born(stacks, past)
    holders = [_holder(holder, entries.get(holder.node, 1.0)) for holder in own.holders]
    return replace(own, stacks=past, holders=holders)


def _born(ages: NodeAges, share: float) -> float:
    """The share of what is alive that was born in that share of the requests."""
    return sum(ages.size[: round(BINS * share)]) / max(1, sum(ages.size))


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
