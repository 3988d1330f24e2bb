"""Allocation sites that grew, from the stacks of two snapshots."""

from __future__ import annotations

from collections import Counter

from ..model.allocations import Allocations
from ..model.ownership import Site
from .align import subtract

Key = tuple[str, int, str, str | None]


def growing_sites(base: Allocations, target: Allocations, limit: int = 8) -> list[Site]:
    """The leaves that gained the most bytes, with the endpoint their stack hangs under."""
    if base.mode == "off" or target.mode == "off":
        return []
    tree = subtract(base.stacks, target.stacks)
    sizes: Counter[Key] = Counter()
    counts: Counter[Key] = Counter()
    for node in range(len(tree.stacks)):
        if not tree.size_delta[node]:
            continue
        stack = tree.stacks.stack(node)
        root, leaf = stack[0].label, stack[-1]
        endpoint = root.removeprefix("endpoint ") if root.startswith("endpoint ") else None
        key = (leaf.file, leaf.line, leaf.label, endpoint)
        sizes[key] += tree.size_delta[node]
        counts[key] += tree.count_delta[node]
    return [
        Site(file=k[0], line=k[1], function=k[2], endpoint=k[3], size=v, count=counts[k])
        for k, v in sizes.most_common(limit)
        if v > 0
    ]
