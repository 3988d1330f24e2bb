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


Pair = tuple[Sequence[float], Sequence[float]]  # a column of the base, and that of the target


def subtract(base: Stacks, target: Stacks) -> StacksDiff:
    """Target less base, node by node; nodes that did not change at all are left out."""
    return subtract_with(base, target)[0]


def subtract_with(
    base: Stacks, target: Stacks, *columns: Pair
) -> tuple[StacksDiff, list[tuple[list[float], list[float]]]]:
    """The same, and further columns of both, laid over the same nodes."""
    both = align([base, target])
    tree = both.stacks
    count = [t - b for b, t in zip(*both.count, strict=True)]
    size = [t - b for b, t in zip(*both.size, strict=True)]
    more = [
        [_laid(c, p, len(tree)) for c, p in zip(pair, both.place, strict=True)] for pair in columns
    ]
    keep = bytearray(len(tree))
    for node in range(len(tree) - 1, -1, -1):
        if count[node] or size[node] or any(old[node] != new[node] for old, new in more):
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
    made = StacksDiff(
        stacks=builder.build(),
        count_delta=[count[node] for node in kept],
        size_delta=[size[node] for node in kept],
    )
    return made, [([old[n] for n in kept], [new[n] for n in kept]) for old, new in more]


def _laid(column: Sequence[float], place: Sequence[int], total: int) -> list[float]:
    """A column of one tree over the nodes of the union; what has none is zero."""
    found = [0.0] * total
    for there, value in zip(place, column, strict=False):
        found[there] += value
    return found
