"""Several snapshots with their path trees laid over one another, and what each has at a node."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ..model.snapshot import Snapshot
from .align import align


class United:
    """Snapshots of one worker over time, or of several workers; a column for each."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self.snapshots = snapshots
        self.union = align([s.ownership.stacks for s in snapshots])
        self.tree = self.union.stacks
        self.children: dict[int, list[int]] = {}  # by parent; those of -1 are the roots
        for node, parent in enumerate(self.tree.parent):
            self.children.setdefault(parent, []).append(node)
        self._entries = [self._of_holders(number) for number in range(len(snapshots))]

    def _of_holders(self, number: int) -> dict[int, int]:
        place, found = self.union.place[number], dict[int, int]()
        for holder in self.snapshots[number].ownership.holders:
            there = place[holder.node]
            found[there] = found.get(there, 0) + holder.entries
        return found

    @cached_property
    def totals(self) -> list[list[int]]:
        """For each snapshot, bytes of every node with all that hangs below it."""
        return self.union.totals()

    def held(self, node: int) -> list[int]:
        """Entries of what collects there; 0 where it has few or none."""
        return [row.get(node, 0) for row in self._entries]
