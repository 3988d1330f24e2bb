"""Allocation sites that grew, from the stacks of two snapshots."""

from __future__ import annotations

from collections import Counter

from ..model.allocations import Allocations
from ..model.ownership import Site
from ..model.stacks import Frame
from .align import subtract

Key = tuple[str, int, str, str | None]


def own_frames(allocations: Allocations) -> frozenset[Frame]:
    """The frames that are the app's own code."""
    return frozenset(allocations.stacks.frames[n] for n in allocations.app_frames)


def site_of(stack: list[Frame], own: frozenset[Frame]) -> Frame:
    """Where a person would look: the innermost frame of the app's own, else the innermost."""
    return next((frame for frame in reversed(stack) if frame in own), stack[-1])


def growing_sites(base: Allocations, target: Allocations, limit: int = 8) -> list[Site]:
    """The sites that gained the most bytes, with the endpoint their stack hangs under."""
    if "off" in (base.mode, target.mode) or base.mode != target.mode:
        return []
    tree = subtract(base.stacks, target.stacks)
    own = own_frames(base) | own_frames(target)
    sizes: Counter[Key] = Counter()
    counts: Counter[Key] = Counter()
    for node in range(len(tree.stacks)):
        if not tree.size_delta[node]:
            continue
        stack = tree.stacks.stack(node)
        root, leaf = stack[0].label, site_of(stack, own)
        endpoint = root.removeprefix("endpoint ") if root.startswith("endpoint ") else None
        key = (leaf.file, leaf.line, leaf.label, endpoint)
        sizes[key] += tree.size_delta[node]
        counts[key] += tree.count_delta[node]
    return [
        Site(file=k[0], line=k[1], function=k[2], endpoint=k[3], size=v, count=counts[k])
        for k, v in sizes.most_common(limit)
        if v > 0
    ]
