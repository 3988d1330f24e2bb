"""Native memory of two snapshots of one worker: what came and went, by site."""

from __future__ import annotations

from msgspec.structs import replace

from ..model.diff import NativeDiff, NativeSiteChange
from ..model.native import NativeMemory, NativeSite
from ..model.snapshot import Snapshot
from .align import subtract
from .diff import served
from .growing_sites import own_frames_of_both
from .native_callers import same_caller

MAX_LAG_SECONDS = 2.0  # between a snapshot's time and the reading of its samples


def native(base: Snapshot, target: Snapshot) -> NativeDiff:
    """Target less base. Where sampling began in between, all that it knows came since."""
    now, begun = target.native, _begun_between(base, target)
    before = NativeMemory() if begun or not now.on else base.native
    tree = subtract(before.stacks, now.stacks)
    return NativeDiff(
        on=now.on,
        begun=begun,
        tree=tree,
        sites=_changes(before, now),
        app_frames=own_frames_of_both(tree.stacks, before, now),
        requests=served(base, target),
        size=now.size,
        size_delta=now.size - before.size,
        sample_bytes=now.sample_bytes,
    )


def _begun_between(base: Snapshot, target: Snapshot) -> bool:
    """Whether what was alive before is unknown: it was off, or was switched off in between."""
    if not target.native.on or not base.native.on:
        return target.native.on
    if base.info.worker != target.info.worker:  # the clocks of two workers tell nothing
        return False
    return target.native.since + MAX_LAG_SECONDS < target.info.clock - base.info.clock


def _changes(before: NativeMemory, now: NativeMemory) -> list[NativeSiteChange]:
    """Of all sites that either knows and that changed, the largest growth first."""
    old = {same_caller(site): site for site in before.all_sites}
    new = {same_caller(site): site for site in now.all_sites}
    rows = [_change(old.get(key), new.get(key)) for key in {**new, **old}]
    rows = [row for row in rows if row.size_delta or row.count_delta]
    return sorted(rows, key=lambda row: (-row.size_delta, -row.count_delta))


def _change(old: NativeSite | None, new: NativeSite | None) -> NativeSiteChange:
    here = old or new
    assert here is not None  # one of them has it
    nothing = replace(here, size=0, count=0, variance=0, largest=0, samples=0, births=None)
    old, new = old or nothing, new or nothing
    return NativeSiteChange(
        site=new,
        size_delta=new.size - old.size,
        count_delta=new.count - old.count,
        variance=old.variance + new.variance,
    )
