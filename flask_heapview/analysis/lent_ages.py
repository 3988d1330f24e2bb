"""Ages for what was not sampled: it was born with what it holds one by one.

An exception of 80 bytes is hardly ever sampled, the 15 kB that it alone holds are. Where as many
objects hang below as many others, each was made for one of these, and at about the same time.
"""

from __future__ import annotations

from ..model.births import NodeAges
from ..model.ownership import Ownership
from .entries_per_request import is_as_many
from .level_ages import MIN_SAMPLES

MIN_OBJECTS = 10  # fewer are as many by chance


def lent_ages(own: Ownership) -> dict[int, NodeAges]:
    """By node without ages of its own: those of what it holds one by one. All that hangs below it
    without ages has the same."""
    aged = {ages.node for ages in own.ages.nodes}
    sampled = sorted(own.ages.nodes, key=lambda ages: sum(ages.samples))
    lent: dict[int, NodeAges] = {}
    for ages in sampled:  # the last word has what was sampled most
        if sum(ages.samples) >= MIN_SAMPLES:
            lent |= dict.fromkeys(_holding_one_each(own, ages.node), ages)
    for node, parent in enumerate(own.stacks.parent):
        if parent in lent and node not in lent and node not in aged:
            lent[node] = lent[parent]
    return {node: ages for node, ages in lent.items() if node not in aged}


def _holding_one_each(own: Ownership, node: int) -> list[int]:
    """The nodes above that one which have as many objects as it."""
    count = own.stacks.count[node]
    if count < MIN_OBJECTS:
        return []
    found = []
    for above in own.stacks.chain(own.stacks.parent[node]):
        if not is_as_many(own.stacks.count[above], count):
            break
        found.append(above)
    return found
