"""What the sampler knows, for tests that need no sampler."""

from __future__ import annotations

from collections.abc import Sequence

from flask_heapview.allocations.samples import LiveSample, SampledTraceback, Samples


def samples_of(
    entries: Sequence[SampledTraceback],
    live: Sequence[LiveSample],
    tags: Sequence[tuple[str, int]] = (),
) -> Samples:
    """Nine requests in a second, of which these are alive."""
    return Samples(
        frames=6,
        sample_bytes=1.0,
        seen=0.0,
        dropped=0,
        since=1.0,
        requests=9,
        overhead=0,
        tags=list(tags),
        entries=list(entries),
        live=list(live),
    )
