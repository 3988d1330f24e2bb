"""Weighted stacks: the one shape of "who holds it" and of "who allocated it".

A tree of frames. In the ownership tree a frame is an edge label and the type it leads to; in the
allocation tree it is a function, file and line. Each node carries its own count and bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from .base import Model
from .remembered import remembered


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One step of a stack."""

    label: str  # an edge (".cache", "[value]"), or a function's name
    type: str = ""  # the qualified type the edge leads to; "" in allocation stacks
    file: str = ""
    line: int = 0


class Stacks(Model, frozen=True, weakref=True):
    """Parallel columns, one row a node; a parent stands before its children, -1 is no parent."""

    frames: list[Frame] = []
    parent: list[int] = []
    frame: list[int] = []
    count: list[int] = []  # objects or blocks at this very node
    size: list[int] = []  # bytes at this very node

    def __len__(self) -> int:
        return len(self.parent)

    @property
    def whole(self) -> bool:
        """Whether the columns fit one another. If not, a walk along them may never end."""
        nodes, frames = len(self.parent), len(self.frames)
        return (
            nodes == len(self.frame) == len(self.count) == len(self.size)
            and all(-1 <= parent < node for node, parent in enumerate(self.parent))
            and all(0 <= frame < frames for frame in self.frame)
        )

    def frame_at(self, node: int) -> Frame:
        return self.frames[self.frame[node]]

    def roots(self) -> dict[int, str]:
        """The nodes without a parent, and their labels."""
        tops = (node for node, parent in enumerate(self.parent) if parent < 0)
        return {node: self.frame_at(node).label for node in tops}

    def chain(self, node: int) -> Iterator[int]:
        """The node and its ancestors, the root last."""
        while node >= 0:
            yield node
            node = self.parent[node]

    def stack(self, node: int) -> list[Frame]:
        """The frames from the root to the node."""
        return [self.frame_at(n) for n in self.chain(node)][::-1]

    def below(self, *labels: str) -> list[int]:
        """The nodes whose label begins with one of these, and all that hangs below them."""
        wanted = {n for n, frame in enumerate(self.frames) if frame.label.startswith(labels)}
        inside, found = bytearray(len(self)), []
        for node, (parent, frame) in enumerate(zip(self.parent, self.frame, strict=True)):
            if frame in wanted or (parent >= 0 and inside[parent]):
                inside[node] = 1
                found.append(node)
        return found

    def summed(self, column: Sequence[int]) -> list[int]:
        """Of a column with a figure for each node: that of each with all that hangs below it."""
        sums = list(column)
        for node in range(len(self.parent) - 1, -1, -1):
            above = self.parent[node]
            if above >= 0:
                sums[above] += sums[node]
        return sums

    def totals(self) -> tuple[list[int], list[int]]:
        """Count and bytes of every node with all that hangs below it; nobody may change them."""
        return _totals(self)


@remembered
def _totals(stacks: Stacks) -> tuple[list[int], list[int]]:
    return stacks.summed(stacks.count), stacks.summed(stacks.size)


class StacksBuilder:
    """Grows a Stacks; equal (parent, frame) steps merge into one node."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.parent: list[int] = []
        self.frame: list[int] = []
        self.count: list[int] = []
        self.size: list[int] = []
        self._frame_ids: dict[Frame, int] = {}
        self._nodes: dict[tuple[int, int], int] = {}

    def node(self, parent: int, frame: Frame) -> int:
        """The node of that step, made when it is new."""
        number = self._frame_ids.get(frame)
        if number is None:
            number = self._frame_ids[frame] = len(self.frames)
            self.frames.append(frame)
        key = (parent, number)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.parent)
            self.parent.append(parent)
            self.frame.append(number)
            self.count.append(0)
            self.size.append(0)
        return node

    def add(self, stack: list[Frame], count: int, size: int) -> int:
        """Adds a whole stack, root first; returns its last node."""
        node = -1
        for frame in stack:
            node = self.node(node, frame)
        self.count[node] += count
        self.size[node] += size
        return node

    def build(self) -> Stacks:
        return Stacks(
            frames=self.frames,
            parent=self.parent,
            frame=self.frame,
            count=self.count,
            size=self.size,
        )
