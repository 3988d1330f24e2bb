"""Do the books balance? What the heap has gained, less what the owners that grow explain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ..model.ownership import dotted, is_own_type, of_service
from ..model.stacks import Stacks
from .align import Aligned
from .series import measure_growth

MIN_UNOWNED_OBJECTS = 200  # objects: threads that come and go account for less
MIN_UNOWNED_PER_REQUEST = 0.02  # objects
# of what a node gained: the child that gained so much leads on. Eclipse Memory Analyzer's
# accumulation point goes down by the same share
MAIN_SHARE = 0.7
MAX_TYPES = 3  # that are named


class Unowned(msgspec.Struct, frozen=True):
    """Objects that came, and that no growing owner explains."""

    objects: int
    share: float  # of all objects that came
    types: list[str]  # of most of them
    path: str | None  # below which most of them lie, each at a place of its own


class Balance:
    """The columns of the union of all trees, and which of its nodes have an owner that grows."""

    def __init__(
        self,
        union: Aligned,
        children: Mapping[int, Sequence[int]],
        owned: Sequence[int],
        requests: Sequence[float],
    ) -> None:
        self.tree: Stacks = union.stacks
        self.children, self.requests = children, requests
        self.service: list[bool] = []
        for node, parent in enumerate(self.tree.parent):
            frame = self.tree.frame_at(node)
            here = of_service(frame.label) if parent < 0 else self.service[parent]
            self.service.append(here and not is_own_type(frame.type))
        self.unowned = [here and not owned[node] for node, here in enumerate(self.service)]
        self.counts = union.count

    def unowned_growth(self) -> Unowned | None:
        """None where the owners explain what came, or all but a little, or where it has ended."""
        column = [_sum(count, self.unowned) for count in self.counts]
        served = self.requests[-1] - self.requests[0]
        least = max(MIN_UNOWNED_OBJECTS, MIN_UNOWNED_PER_REQUEST * served)
        grown = measure_growth(self.requests, column, least)
        total = column[-1] - column[0]
        if total < least or not (grown.steady or column[-1] - column[-2] >= least):
            return None
        came = _sum(self.counts[-1], self.service) - _sum(self.counts[0], self.service)
        gained = self._gained()
        return Unowned(
            objects=total,
            share=min(1.0, total / max(1, came)),
            types=self._types(gained),
            path=self._path(gained, total),
        )

    def _gained(self) -> list[int]:
        """By node, objects that came to it without an owner."""
        columns = zip(self.counts[0], self.counts[-1], self.unowned, strict=True)
        return [last - first if here else 0 for first, last, here in columns]

    def _types(self, gained: Sequence[int]) -> list[str]:
        kinds: Counter[str] = Counter()
        for node, objects in enumerate(gained):
            kinds[self.tree.frame_at(node).type] += objects
        del kinds[""]  # of what is small, and was merged
        return [kind for kind, objects in kinds.most_common(MAX_TYPES) if objects > 0]

    def _path(self, gained: Sequence[int], total: int) -> str | None:
        """Down from the roots, as long as one child has most of it."""
        below = msgspec.structs.replace(self.tree, count=list(gained)).totals()[0]
        at, objects = -1, total
        while self.children.get(at):
            main = max(self.children[at], key=below.__getitem__)
            if below[main] < MAIN_SHARE * objects:
                break
            at, objects = main, below[main]
        labels = [frame.label for frame in self.tree.stack(at)] if at >= 0 else []
        return dotted(labels) or None


def _sum(column: Sequence[int], chosen: Sequence[bool]) -> int:
    return sum(value for value, here in zip(column, chosen, strict=True) if here)
