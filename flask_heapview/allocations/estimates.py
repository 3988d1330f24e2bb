"""The allocations of a snapshot, estimated from the samples that are alive."""

from __future__ import annotations

import msgspec

from ..model.allocations import Allocations
from ..model.stacks import Frame, Stacks, StacksBuilder
from .sampled_sites import SampledSites
from .samples import LiveSample, SampledTraceback, Samples, is_app

OTHER = "(other)"
MAX_SITES = 40  # whose ages a snapshot keeps


class _Sums(msgspec.Struct):
    """What the samples of one traceback add up to."""

    count: float = 0.0
    size: float = 0.0
    variance: float = 0.0
    largest: float = 0.0

    def add(self, live: LiveSample) -> None:
        chance = live.chance
        weight, rest = 1 / chance, 1 - chance
        self.count += weight
        self.size += weight * live.size
        self.variance += rest * (weight * live.size) ** 2
        self.largest = max(self.largest, rest * weight * live.size)


def allocations(found: Samples) -> Allocations:
    """The estimates by traceback."""
    sums = [_Sums() for _ in found.entries]
    for live in found.live:
        sums[live.entry].add(live)
    builder = StacksBuilder()
    columns: dict[int, list[float]] = {}
    for entry, total in zip(found.entries, sums, strict=True):
        if entry.ours or not (entry.blocks or total.count):
            continue
        node = builder.add(stack_of(entry), round(total.count), round(total.size))
        row = columns.setdefault(node, [0.0, 0.0, 0.0])
        row[0] += total.variance
        row[1] = max(row[1], total.largest)
        row[2] += entry.bytes
    stacks = builder.build()
    rows = [columns.get(node, (0.0, 0.0, 0.0)) for node in range(len(stacks))]
    own = found.of_service()
    return Allocations(
        mode="sampled",
        frames=found.frames,
        traced=sum(stacks.size),
        overhead=found.overhead,
        stacks=stacks,
        app_frames=app_frames(stacks),
        variance=[round(row[0]) for row in rows],
        largest=[round(row[1]) for row in rows],
        allocated=[round(row[2]) for row in rows],
        sites=SampledSites(found).sites(own, MAX_SITES),
        sample_bytes=round(found.sample_bytes),
        samples=len(own),
        since=round(found.since, 1),
        seen=round(found.seen),
        dropped=found.dropped,
    )


def app_frames(stacks: Stacks) -> list[int]:
    """Those of the stacks' frames that are the app's own code."""
    return [n for n, frame in enumerate(stacks.frames) if frame.file and is_app(frame.file)]


def stack_of(entry: SampledTraceback) -> list[Frame]:
    """Root first: the tag, then the outermost place."""
    return [
        Frame(entry.tag or OTHER),
        *(Frame(n, "", f, line) for f, n, line in entry.places[::-1]),
    ]
