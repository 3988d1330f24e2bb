"""Who allocated what hangs below a node of the tree: the sampled blocks that the walk met there."""

from __future__ import annotations

from collections.abc import Iterable

from ...allocations.sampled_sites import SampledSites
from ...allocations.samples import LiveSample
from ...model.ownership import Site
from . import walk_file


class SampleOwners:
    """The sites of single nodes, with all that hangs below each; none where nothing was sampled."""

    def __init__(self, found: walk_file.WalkFile) -> None:
        self.walk = found
        self._known = SampledSites(found.sampler) if found.sampler is not None else None
        self._below: dict[int, list[LiveSample]] = {}

    def watch(self, nodes: Iterable[int]) -> None:
        """Sorts the samples by those nodes; to be called once, before `sites`."""
        self._below = {node: [] for node in nodes}
        for live in self.walk.sampler.live if self.walk.sampler is not None else ():
            node = live.node
            while node != walk_file.NONE:
                if node in self._below:
                    self._below[node].append(live)
                node = self.walk.nodes[node].parent

    def sites(self, node: int, types: Iterable[int] | None = None) -> list[Site]:
        """The largest sites below a node; of objects of those types only, if given."""
        if self._known is None:
            return []
        found = self._below.get(node, [])
        if types is not None:
            wanted = frozenset(types)
            found = [live for live in found if self.walk.nodes[live.node].type in wanted]
        return self._known.sites(found)
