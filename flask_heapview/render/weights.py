"""Weighted stacks for export: one model behind pprof, speedscope and collapsed stacks.

It comes from the tree that a page draws, so pictures and exports agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..model.snapshot import SnapshotInfo
from ..model.stacks import Frame, Stacks
from ..views.icicle import Weighed


class Weights(msgspec.Struct, frozen=True):
    """A tree with the figures of each node itself. Those of a difference may be negative."""

    stacks: Stacks
    count: Sequence[int]  # objects, or blocks
    size: Sequence[int]  # bytes
    view: str
    target: SnapshotInfo
    base: SnapshotInfo | None = None  # of a difference
    period: int = 1  # bytes from one sample to the next; 1 where everything was counted

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """(node, count, bytes) of the nodes that have any, depth first: branches stay together."""
        children: dict[int, list[int]] = {}
        for node, parent in enumerate(self.stacks.parent):
            children.setdefault(parent, []).append(node)
        left = children.get(-1, [])[::-1]
        while left:
            node = left.pop()
            if self.count[node] or self.size[node]:
                yield node, self.count[node], self.size[node]
            left += children.get(node, ())[::-1]

    def frames_of(self, node: int) -> list[int]:
        """The numbers of the frames from the root to the node."""
        return [self.stacks.frame[n] for n in self.stacks.chain(node)][::-1]

    @property
    def title(self) -> str:
        """The view and the snapshots, in a line."""
        first = f"{self.base.id} to " if self.base is not None else ""
        return f"{self.view} {first}{self.target.id}"


def weights_of(
    tree: Weighed, view: str, target: SnapshotInfo, base: SnapshotInfo | None, period: int
) -> Weights:
    """The tree of a view's picture, with the figures of a snapshot or of a difference."""
    stacks = tree.stacks
    count, size = (
        (stacks.count, stacks.size) if tree.delta is None else (tree.count_delta, tree.delta)
    )
    return Weights(stacks, count, size, view, target, base, max(1, period))


def name_of(frame: Frame) -> str:
    """A frame in one string, without its file: a function, or an edge with what it leads to."""
    return f"{frame.label} ({frame.type})" if frame.type else frame.label or "?"
