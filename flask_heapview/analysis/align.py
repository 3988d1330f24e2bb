"""Lays several trees over one another: equal paths become one node with a column a tree."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.diff import StacksDiff
from ..model.stacks import Stacks, StacksBuilder


class Aligned(msgspec.Struct):
    """The union of the trees. `count[k][node]` and `size[k][node]` are of tree k."""

    stacks: Stacks
    count: list[list[int]]
    size: list[list[int]]
    place: list[list[int]]  # node of tree k -> node of the union

    def totals(self) -> list[list[int]]:
        """For each tree, bytes of every node with all that hangs below it."""
        return [
            msgspec.structs.replace(self.stacks, count=count, size=size).totals()[1]
            for count, size in zip(self.count, self.size, strict=True)
        ]


def align(trees: Sequence[Stacks]) -> Aligned:
    """The union of the trees."""
    builder = StacksBuilder()
    places = []
    for tree in trees:
        place: list[int] = []
        for node, parent in enumerate(tree.parent):
            above = place[parent] if parent >= 0 else -1
            place.append(builder.node(above, tree.frame_at(node)))
        places.append(place)
    total = len(builder.parent)
    counts, sizes = [], []
    for tree, place in zip(trees, places, strict=True):
        count, size = [0] * total, [0] * total
        for node, there in enumerate(place):
            count[there] += tree.count[node]
            size[there] += tree.size[node]
        counts.append(count)
        sizes.append(size)
    return Aligned(builder.build(), counts, sizes, places)


def subtract(base: Stacks, target: Stacks) -> StacksDiff:
    """Target less base, node by node; nodes that did not change at all are left out."""
    both = align([base, target])
    tree = both.stacks
    count = [t - b for b, t in zip(*both.count, strict=True)]
    size = [t - b for b, t in zip(*both.size, strict=True)]
    keep = bytearray(len(tree))
    for node in range(len(tree) - 1, -1, -1):
        if count[node] or size[node]:
            keep[node] = 1
        if keep[node] and tree.parent[node] >= 0:
            keep[tree.parent[node]] = 1
    builder = StacksBuilder()
    place: dict[int, int] = {-1: -1}
    kept = [node for node in range(len(tree)) if keep[node]]
    for node in kept:
        there = place[node] = builder.node(place[tree.parent[node]], tree.frame_at(node))
        builder.count[there] = both.count[1][node]
        builder.size[there] = both.size[1][node]
    return StacksDiff(
        stacks=builder.build(),
        count_delta=[count[node] for node in kept],
        size_delta=[size[node] for node in kept],
    )
