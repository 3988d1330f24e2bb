"""What was sampled, is in use, and belongs to no object that the walk found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..model.allocations import Unheld
from ..model.process import MAX_PYMALLOC_BYTES
from .birth_bins import BirthBins
from .sampled_sites import SampledSites
from .samples import NONE, LiveSample, Samples

MAX_SITES = 20  # that a snapshot keeps
MAX_TYPES = 4  # that are named


def unheld(found: Samples, types: Sequence[str]) -> tuple[Unheld, Unheld]:
    """Small blocks and large ones; `types` are the names that the samples' numbers stand for."""
    blocks = [live for live in found.of_service() if live.node == NONE]
    small = [live for live in blocks if live.size <= MAX_PYMALLOC_BYTES]
    large = [live for live in blocks if live.size > MAX_PYMALLOC_BYTES]
    sites = SampledSites(found)
    return _unheld(small, sites, types), _unheld(large, sites, types)


def _unheld(blocks: Sequence[LiveSample], sites: SampledSites, types: Sequence[str]) -> Unheld:
    objects = [live for live in blocks if live.type != NONE]
    born, kinds = BirthBins(sites.found.requests), Counter[str]()
    for live in objects:
        born.put(live.request - 1, live)  # the first request is number 1
        kinds[types[live.type]] += round(live.bytes)
    return Unheld(
        size=round(sum(live.bytes for live in blocks)),
        objects=round(sum(live.bytes for live in objects)),
        types=[name for name, _ in kinds.most_common(MAX_TYPES)],
        sites=sites.sites(blocks, MAX_SITES),
        born_size=born.sizes(),
        born_samples=tuple(born.samples),
    )
