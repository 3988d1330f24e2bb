"""Who allocated what hangs below a node of the tree: the sampled blocks that the walk met there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...allocations.sampled_sites import SampledSites
from ...allocations.samples import LiveSample
from ...model.ownership import NodeSites, Site
from . import walk_file

MAX_LOOSE_NODES = 300  # beside containers, whose sites a snapshot keeps
MAX_LOOSE_SITES = 3  # of each


class SampleOwners:
    """The sites of single nodes, with all that hangs below each; none where nothing was sampled."""

    def __init__(self, found: walk_file.WalkFile) -> None:
        self.walk = found
        self._known = SampledSites(found.sampler) if found.sampler is not None else None
        self._below: dict[int, list[LiveSample]] = {}
        self._loose: list[LiveSample] = []  # below none of them, and yet held
        self._at: dict[int, list[LiveSample]] = {}  # by the node that holds them itself

    def watch(self, nodes: Iterable[int]) -> None:
        """Sorts the samples by those nodes; to be called once, before `sites`."""
        self._below = {node: [] for node in nodes}
        for live in self.walk.sampler.live if self.walk.sampler is not None else ():
            node, loose = live.node, live.node != walk_file.NONE
            if loose:
                self._at.setdefault(node, []).append(live)
            while node != walk_file.NONE:
                if node in self._below:
                    self._below[node].append(live)
                    loose = False
                node = self.walk.nodes[node].parent
            if loose:
                self._loose.append(live)

    def elsewhere(self, place: Sequence[int]) -> list[NodeSites]:
        """Those of nodes that are not below a watched one, the heaviest first. `place` tells where
        a node of the walk went in the stacks."""
        if self._known is None:
            return []
        found: dict[int, list[LiveSample]] = {}
        for live in self._loose:
            found.setdefault(place[live.node], []).append(live)
        weighed = sorted(found.items(), key=lambda row: -sum(one.size for one in row[1]))
        return [
            NodeSites(node=node, sites=self._known.sites(samples, MAX_LOOSE_SITES))
            for node, samples in weighed[:MAX_LOOSE_NODES]
        ]

    def sites_at(self, nodes: Iterable[int]) -> list[Site]:
        """The largest sites of the objects on those nodes themselves."""
        if self._known is None:
            return []
        return self._known.sites(live for node in nodes for live in self._at.get(node, ()))

    def sites(self, node: int, types: Iterable[int] | None = None) -> list[Site]:
        """The largest sites below a node; of objects of those types only, if given."""
        if self._known is None:
            return []
        found = self._below.get(node, [])
        if types is not None:
            wanted = frozenset(types)
            found = [live for live in found if self.walk.nodes[live.node].type in wanted]
        return self._known.sites(found)
