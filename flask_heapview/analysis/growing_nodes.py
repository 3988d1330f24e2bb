"""Growing owners: the top-most nodes of the path tree under which objects pile up."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

import msgspec

from ..model.ownership import FRAME, GARBAGE, OTHER, SETS, SMALL, Holder, dotted
from ..model.snapshot import Snapshot
from ..model.stacks import Stacks
from .align import align
from .balance import Balance, Unowned
from .exposure import exposure
from .series import NO_GROWTH, Growth, measure_growth
from .united import United

MIN_SWELLING_BYTES = 200_000  # bytes that a single object must have gained, to count by them
# one object that grows by itself: text that is added to, a buffer, an array
_SWELLING = re.compile(
    r"^(str|bytes|bytearray|array\.array|_io\.(BytesIO|StringIO)|mmap\.mmap|numpy\.ndarray"
    r"|pandas\..*|polars\..*|torch\.Tensor)$"
)
_CHAIN = re.compile(r"(\.\w+|\[\w+\])\1{2,}")  # next.next.next: one step says it
MIN_OBJECTS = 10  # objects that must have come
MIN_HELD_SHARE = 0.5  # of the objects that came: so many entries more must hold them
MIN_OBJECTS_PER_REQUEST = 0.01  # objects: the guilty endpoint may serve few of the requests
CATCH_ALL_LABELS = (SMALL, OTHER)  # what falls in there changes from snapshot to snapshot


def min_objects(served: float) -> float:
    """Objects that must have come in so many requests, for a growth to be worth a word."""
    return max(MIN_OBJECTS, MIN_OBJECTS_PER_REQUEST * served)


class GrowingNode(msgspec.Struct):
    """An owner that grows."""

    chain: tuple[int, ...]  # nodes from its root down to it, of the union of all trees
    at: int  # its node in the target's tree; -1 where it is not
    path: str
    type: str
    growth: Growth
    objects: int
    bytes: int  # of what came, with all that hangs below it
    entry_type: str
    above: list[str]
    holder: Holder | None  # what the target says of it
    values: list[int]  # what grows, at each snapshot: entries or objects, of the swollen its bytes
    swollen: bool = False  # by itself, not by what it holds
    app: bool = False
    new: bool = False  # it was not there at the base
    passing: bool = False  # in local variables of functions that threads enter and leave
    turnover: bool = False  # entries went as well as came: neither end of it stayed as it was
    weak: bool = False  # as many weak references came below it as entries


def path_of(tree: Stacks, node: int) -> str:
    """The dotted path of the nearest named owner of a node."""
    return dotted([frame.label for frame in tree.stack(node)])


def named_path(tree: Stacks, node: int) -> str:
    """The same, as reports have it: chains of one step are cut short."""
    return _CHAIN.sub(r"\1", path_of(tree, node))


class _Finder(United):
    """Looks through the union of all snapshots' trees."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        super().__init__(snapshots)
        self.requests = exposure(snapshots)
        self.min_growth = min_objects(self.requests[-1] - self.requests[0])
        last = self.union.place[-1]
        self.of_target = {place: node for node, place in enumerate(last)}
        self.known = {last[h.node]: h for h in reversed(snapshots[-1].ownership.holders)}
        self.ends = [
            {place[h.node]: h.ends for h in snapshot.ownership.holders if h.ends}
            for snapshot, place in zip(snapshots, self.union.place, strict=True)
        ]
        self.covered = bytearray(len(self.tree))  # below an owner that grows
        self.app_roots = frozenset(snapshots[-1].ownership.app_roots)

    def counts(self, node: int) -> list[int]:
        return [column[node] for column in self.union.count]

    def of_counts(self, node: int) -> Growth:
        return self._growth(self.counts(node), self.min_growth)

    def of_entries(self, node: int) -> Growth:
        return self._growth(self.held(node), self.min_growth)

    def sizes(self, node: int) -> list[int]:
        return [column[node] for column in self.union.size]

    def of_sizes(self, node: int) -> Growth:
        """Growth in bytes while the object count stays the same. Lumpy, because buffers double."""
        if not _SWELLING.match(self.tree.frame_at(node).type) or len(set(self.counts(node))) > 1:
            return NO_GROWTH
        return self._growth(self.sizes(node), MIN_SWELLING_BYTES, lumpy=True)

    def _growth(self, values: list[int], min_growth: float, lumpy: bool = False) -> Growth:
        if values[-1] - values[0] < min_growth:
            return NO_GROWTH
        return measure_growth(self.requests, values, min_growth, lumpy)

    def find(self) -> list[GrowingNode]:
        """The owners, each with the best evidence for it."""
        tree = self.tree
        covered = self.covered
        owners: dict[int, Growth] = {}
        for node, parent in enumerate(tree.parent):
            if parent >= 0 and covered[parent]:
                covered[node] = 1
                continue
            if tree.frame_at(node).label in CATCH_ALL_LABELS:
                continue
            mine = self.of_counts(node)
            if mine.grows and self._is_shared(node, parent):
                mine = NO_GROWTH
            if mine.grows:
                covered[node] = 1
                owner = parent if parent >= 0 and self._collects(node) else node
            else:
                mine, owner = self.of_entries(node), node
            if not mine.grows:
                mine = self.of_sizes(node)
            if mine.grows and mine.confidence > owners.get(owner, NO_GROWTH).confidence:
                owners[owner] = mine
        return [self._growing_node(node, found) for node, found in owners.items()]

    def unowned(self) -> Unowned | None:
        """What came without an owner that grows. What is known to be bounded has its owner, too."""
        owned = bytearray(self.covered)
        bounded = {node for node, holder in self.known.items() if holder.limit is not None}
        for node, parent in enumerate(self.tree.parent):
            if node in bounded or (parent >= 0 and owned[parent]):
                owned[node] = 1
        return Balance(self.union, self.children, owned, self.requests).unowned_growth()

    def _collects(self, node: int) -> bool:
        """Whether the parent is what collects: not where a name leads to a chain of its own."""
        return self.tree.frame_at(node).label.startswith("[")

    def _is_shared(self, node: int, parent: int) -> bool:
        """Whether the containers there gained no entries, in some interval in which these came, or
        no more objects have that attribute. Then these were one object for many, such as a small
        number, and are no longer; or an attribute that is set late. Each holder has one of them."""
        held = self.held(parent) if parent >= 0 else []
        if not held or min(held) <= 0:
            held = self._bearers(node)
        if not held:
            return False
        steps = zip(itertools.pairwise(held), itertools.pairwise(self.counts(node)), strict=True)
        return any(b - a < MIN_HELD_SHARE * (after - before) for (a, b), (before, after) in steps)

    def _bearers(self, node: int) -> list[int]:
        """At each snapshot, the objects that have it as an attribute, or an attribute's attribute.
        Empty where it is none, or a chain that was folded into one node."""
        above, parents = node, self.tree.parent
        while above >= 0 and self.tree.frame_at(above).label.startswith("."):
            above = parents[above]
        if above < 0 or above == node:
            return []
        counts = self.counts(above)
        return counts if counts[-1] >= self.counts(node)[-1] else []

    def _growing_node(self, node: int, found: Growth) -> GrowingNode:
        stack = self.tree.stack(node)
        child = self._largest_child(node)
        at = self._holder_at(node)
        holder = self.known.get(at)
        entries = self.of_entries(node)
        kind = self.tree.frame_at(child).type if child >= 0 else stack[-1].type
        if holder is not None and holder.entry_types and kind in ("", "dict", "tuple"):
            kind = holder.entry_types[0]
        swollen = not entries.grows and self.of_sizes(node) == found
        if entries.grows:
            values = self.held(node)
        else:
            values = self.sizes(node) if swollen else self._counts_of(node, found)
        gained = entries if entries.grows else found
        return GrowingNode(
            chain=tuple(self.tree.chain(node))[::-1],
            at=self.of_target.get(node, -1),
            path=named_path(self.tree, node),
            type=stack[-1].type,
            growth=gained,
            objects=0 if swollen else round(gained.total),
            values=values,
            swollen=swollen,
            bytes=self._bytes_of(node, found, entries),
            entry_type=kind,
            above=[frame.type for frame in stack],
            holder=holder,
            app=stack[0].label in self.app_roots,
            new=not self.counts(node)[0],
            passing=self._passing(node),
            turnover=self._turnover(at),
            weak=self._weak(node) >= max(found.total, entries.total),
        )

    def _bytes_of(self, node: int, found: Growth, entries: Growth) -> int:
        """What it gained with all below. Where other things left it meanwhile, what its growing
        part gained; where its table had room already, the room that the new entries take."""
        grown = [n for n in self.children.get(node, ()) if self.of_counts(n) == found]
        gained = [self.totals[-1][n] - self.totals[0][n] for n in (node, *grown)]
        table, held = self.sizes(node)[-1], self.held(node)[-1]
        room = table * entries.total / held if entries.grows else 0
        return max(*gained, 0) or round(room)

    def _counts_of(self, node: int, found: Growth) -> list[int]:
        """The objects whose number was found to grow: its own, or one of its children's."""
        near = (node, *self.children.get(node, ()))
        return next((self.counts(n) for n in near if self.of_counts(n) == found), [])

    def _passing(self, node: int) -> bool:
        """Whether it hangs in a function that threads enter and leave: its state of the moment."""
        for above in self.tree.chain(node):
            if self.tree.frame_at(above).label.startswith(FRAME):
                return len({column[above] for column in self.union.count}) > 1
        return False

    def _holder_at(self, node: int) -> int:
        """Where the target describes the node, or the named container it is a part of; or -1."""
        path = path_of(self.tree, node)
        for above in self.tree.chain(node):
            if path_of(self.tree, above) != path:
                return -1
            if above in self.known:
                return above
        return -1

    def _turnover(self, node: int) -> bool:
        """Whether between two snapshots neither the first nor the last entries stayed: what only
        collects keeps those at one of its ends. The marks of a set rise only where entries go."""
        marks = [row[node] for row in self.ends if node in row]
        if self.tree.frame_at(node).type in SETS:
            pairs = itertools.pairwise([_least(row) for row in marks])
            return any(b > a for old, new in pairs for a, b in zip(old, new, strict=True))
        return any(a[0] != b[0] and a[1] != b[1] for a, b in itertools.pairwise(marks))

    def _weak(self, node: int) -> int:
        """How many weak references came below it."""
        first, last = self.union.count[0], self.union.count[-1]
        below, came = [node], 0
        while below:
            one = below.pop()
            if self.tree.frame_at(one).type.startswith("weakref."):
                came += last[one] - first[one]
            below += self.children.get(one, ())
        return came

    def _largest_child(self, node: int) -> int:
        """The direct child with the largest growth in bytes."""
        first, last = self.totals[0], self.totals[-1]
        return max(self.children.get(node, ()), key=lambda n: last[n] - first[n], default=-1)


def _least(marks: Sequence[int]) -> list[int]:
    """Of a set: the least hash of its entries, by each of four ways to hash them."""
    return [half for mark in marks for half in (mark & 0xFFFF_FFFF, mark >> 32)]


class GrownHeap(msgspec.Struct):
    """What the trees of all the snapshots tell."""

    owners: list[GrowingNode]  # under which objects pile up with the requests
    unowned: Unowned | None  # what came without such an owner


def compare_trees(snapshots: Sequence[Snapshot]) -> GrownHeap:
    """Every owner that grows over all the snapshots, and what such owners do not explain."""
    finder = _Finder(snapshots)
    found = finder.find()
    named = [c for c in found if not c.path.startswith(GARBAGE) and not c.path.endswith(":")]
    return GrownHeap(named, finder.unowned())


def topmost(tree: Stacks, is_there: Callable[[int], bool]) -> list[int]:
    """The nodes of which that is true, without those below another one of them."""
    inside = bytearray(len(tree))
    found = []
    for node, parent in enumerate(tree.parent):
        above = parent >= 0 and inside[parent]
        inside[node] = above or is_there(node)
        if inside[node] and not above:
            found.append(node)
    return found


def bytes_gained_at(snapshots: Sequence[Snapshot], path: str) -> int:
    """Bytes that came below everything with that path, from the first snapshot to the last."""
    union = align([s.ownership.stacks for s in (snapshots[0], snapshots[-1])])
    (first, last), tree = union.totals(), union.stacks
    tops = topmost(tree, lambda node: path_of(tree, node) == path)
    return max(0, sum(last[node] - first[node] for node in tops))
