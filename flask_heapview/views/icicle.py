"""A tree of weighted stacks as a picture: the root on top, and below each node what it leads to.

The form is the icicle plot (Kruskal and Landwehr 1983), which flame graphs turned upside down. The
width of a node is its weight with all that hangs below it, so the widest path is where memory is.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from ..model.stacks import Stacks
from .short_place import short_place
from .tree import name_of
from .way_in import WayIn, inside_own, joined_from, way_to

Tone = Literal["own", "other", "up", "down", "same"]
MAX_ROWS = 30  # of the tree below the chosen node, drawn at a time
MAX_CELLS = 500  # drawn at a time: with the paths of a real application it is 220 kB
MIN_SHARE = 0.0008  # of the width: a pixel on a screen of 1,250


class Weighed(msgspec.Struct):
    """A tree to be drawn, or exported."""

    stacks: Stacks
    delta: Sequence[int] | None = None  # bytes at each node that came or went; None: no difference
    count_delta: Sequence[int] = ()  # of a difference, objects at each node that came or went
    own_roots: Collection[str] = ()  # labels of roots: what hangs there is the app's own
    own_frames: Collection[int] = ()  # frames that are the app's own code
    group: str = ""  # that a page has to have for its nodes to be shown


class Cell(msgspec.Struct):
    """A node in the picture."""

    left: float  # share of the width
    width: float
    row: int
    name: str
    type: str  # or the place, of a function
    node: int  # -1: all roots together
    count: int
    size: int  # bytes, with all below; of a difference, those that it has now
    tone: Tone
    share: float  # of the chosen node's weight
    delta: int | None = None  # bytes, with all below
    found: bool = False
    above: bool = False  # the chosen node, or on the way to it


class Icicle(msgspec.Struct):
    """The picture; empty where nothing has weight."""

    cells: list[Cell]
    rows: int
    difference: bool
    group: str
    found: float | None = None  # share of the chosen node's weight that the search found
    hidden: bool = False  # whether parts were too small or too deep to be drawn


class _Tree:
    """Weights, names and children of one tree."""

    def __init__(self, given: Weighed, search: str) -> None:
        self.given, self.stacks = given, given.stacks
        self.count, self.size = self.stacks.totals()
        self.weight, self.net = self.size, None
        if given.delta is not None:
            self.net = self.stacks.summed(given.delta)
            self.weight = self.stacks.summed([abs(change) for change in given.delta])
        self.children: dict[int, list[int]] = {}
        for node, parent in enumerate(self.stacks.parent):
            if self.weight[node] > 0:
                self.children.setdefault(parent, []).append(node)
        for row in self.children.values():
            row.sort(key=lambda node: -self.weight[node])
        self.whole = sum(self.weight[node] for node in self.children.get(-1, ()))
        self.inside = inside_own(self.stacks, given.own_frames)
        words = search.lower().split()
        frames = self.stacks.frames
        self.matching = {
            n
            for n, frame in enumerate(frames)
            if words and all(word in f"{name_of(frame)} {frame.type}".lower() for word in words)
        }

    def weight_of(self, node: int) -> int:
        return self.whole if node < 0 else self.weight[node]

    def joined(self, node: int, chosen: int) -> WayIn | None:
        """What is drawn as one with a node: no root, which is an endpoint or a thread. Who has
        chosen a node sees all that is below it."""
        if chosen >= 0 or not self.given.own_frames:
            return None
        if node < 0 or self.stacks.parent[node] < 0:
            return None
        return joined_from(node, self.inside, self.children, self.weight)

    def found_below(self, node: int) -> int:
        """The weight of what matches, each part counted once."""
        found, left = 0, [node]
        while left:
            at = left.pop()
            if at >= 0 and self.stacks.frame[at] in self.matching:
                found += self.weight[at]
            else:
                left += self.children.get(at, ())
        return found

    def cell(self, node: int, left: float, width: float, row: int, chosen: int) -> Cell:
        if node < 0:
            return self._all()
        frame = self.stacks.frame_at(node)
        name, kind = frame.label, frame.type
        if name.startswith("["):  # "[value]" alone says little
            name = f"{name} {kind.rpartition('.')[2]}"
        if frame.file:
            name, kind = (
                f"{name}  {short_place(frame.file, frame.line)}",
                f"{frame.file}:{frame.line}",
            )
        net = None if self.net is None else self.net[node]
        return Cell(
            left=left,
            width=width,
            row=row,
            name=name,
            type=kind,
            node=node,
            count=self.count[node],
            size=self.size[node],
            tone=self._tone(node) if net is None else direction(net),
            share=self.weight[node] / max(1, self.weight_of(chosen)),
            delta=net,
            found=self.stacks.frame[node] in self.matching,
        )

    def join(self, cell: Cell, way: WayIn) -> None:
        """Makes a call's cell that of the whole way. A click shows the calls one by one."""
        cell.name, cell.type = way.name(self.stacks), ""
        cell.found = any(self.stacks.frame[call] in self.matching for call in way.calls)

    def _all(self) -> Cell:
        """That of all roots together."""
        net = None if self.given.delta is None else sum(self.given.delta)
        tone: Tone = "other" if net is None else direction(net)
        count, size = sum(self.stacks.count), sum(self.stacks.size)
        return Cell(0.0, 1.0, 0, "all", "", -1, count, size, tone, 1.0, net)

    def _tone(self, node: int) -> Tone:
        given, frame = self.given, self.stacks.frame[node]
        if frame in given.own_frames or not given.own_roots:
            return "own" if frame in given.own_frames else "other"
        *_, root = self.stacks.chain(node)
        return "own" if self.stacks.frame_at(root).label in given.own_roots else "other"


def direction(net: int) -> Tone:
    """The colour of what came or went, in bytes."""
    return "up" if net > 0 else "down" if net < 0 else "same"


def icicle(given: Weighed, node: int = -1, search: str = "") -> Icicle:
    """The tree below a node (-1: all of it), under the way down to it.

    Of a difference the width is what came and went, so that what grew is seen however little it is
    of the heap. `search` marks the nodes whose names have all its words.
    """
    tree = _Tree(given, search)
    chosen = node if 0 <= node < len(given.stacks) else -1
    if not tree.weight_of(chosen):
        return Icicle([], 0, given.delta is not None, given.group)
    cells = _above(tree, chosen)
    hidden = _below(tree, chosen, len(cells), cells)
    return Icicle(
        cells=cells,
        rows=1 + max(cell.row for cell in cells),
        difference=given.delta is not None,
        group=given.group,
        found=tree.found_below(chosen) / tree.weight_of(chosen) if tree.matching else None,
        hidden=hidden,
    )


def _above(tree: _Tree, chosen: int) -> list[Cell]:
    """The way down to the chosen node, a row each."""
    joined, nodes = way_to(chosen, tree.stacks, tree.inside)
    rows = [-1, *nodes[:1], *([] if joined is None else joined.calls[:1]), *nodes[1:]]
    cells = [tree.cell(n, 0.0, 1.0, row, chosen) for row, n in enumerate(rows)]
    if joined is not None:
        tree.join(cells[2], joined)
    for cell in cells:
        cell.above, cell.share = True, 1.0
    return cells


def _below(tree: _Tree, chosen: int, first: int, cells: list[Cell]) -> bool:
    """Adds the widest cells below the chosen node; says whether some were left out.

    No cell is wider than the one above it, so the widest hang together. Row by row, the first few
    rows of a broad tree would take them all.
    """
    whole, hidden, order = tree.weight_of(chosen), False, itertools.count()
    waiting = [(-1.0, next(order), chosen, 0.0, first - 1)]
    while waiting:
        width, _, parent, left, row = heapq.heappop(waiting)
        joined = tree.joined(parent, chosen)
        if row >= first:
            if len(cells) >= MAX_CELLS:
                hidden = True
                break
            cells.append(tree.cell(parent, left, -width, row, chosen))
            if joined is not None:
                tree.join(cells[-1], joined)
        for node in tree.children.get(parent, ()) if joined is None else joined.below:
            share = tree.weight[node] / whole
            if share < MIN_SHARE or row + 1 == first + MAX_ROWS:
                hidden = True
                break  # the others are no wider
            heapq.heappush(waiting, (-share, next(order), node, left, row + 1))
            left += share
    cells.sort(key=lambda cell: (cell.row, cell.left))
    return hidden
