"""What if a reference were cut? Answered from a stored graph: nothing runs in the service."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from ..errors import NotFound
from ..model.retained import Cut, FreedType, Link
from . import _graph, format
from .read import MAX_LINKS, MAX_PATH_STEPS, GraphFile

MAX_REFERRERS = 100_000  # of one object that are looked at
MAX_TYPES = 50  # of what would be free
MIN_LEAF_BYTES = 512  # of a kept object that refers to nothing: small values say little
_TYPE = "[type]"  # each object refers to its type, which stays


def cut(graph: GraphFile, referrer: int, target: int) -> Cut:
    """What would be free without the references from `referrer` to `target`. Raises NotFound."""
    references = _references(graph, referrer, target)
    found = memoryview(bytearray(4 * graph.objects)).cast("I")
    counts, sizes = (array("Q", bytes(8 * max(1, len(graph.types)))) for _ in range(2))
    objects, size = _graph.cut(
        *(graph.first, graph.arcs, graph.size, graph.type, graph.toward),
        *(referrer, target, found, counts, sizes),
    )
    reached = graph.toward[target] != format.NONE
    freed = reached and found[target] == format.NONE
    holders = _holders(graph, found, referrer, target) if reached and not freed else []
    is_root = graph.toward[target] == graph.objects
    label = graph.label(referrer, target)
    return Cut(
        referrer=msgspec.structs.replace(graph.referrer(referrer, label), label=""),
        target=graph.link(target, label),
        references=references,
        reached=reached,
        freed=freed,
        objects=objects,
        size=size,
        types=_types(graph, counts, sizes),
        root=graph.sort_of_root(target) if is_root else "",
        way=_way(graph, found, target) if reached and not freed else [],
        holders=holders[:MAX_LINKS],
        more_holders=len(holders) > MAX_LINKS,
        kept=_kept(graph, found, target) if freed else [],
    )


def _references(graph: GraphFile, referrer: int, target: int) -> int:
    """How many there are from the one to the other."""
    if not (0 <= referrer < graph.objects and 0 <= target < graph.objects):
        raise NotFound(f"The capture has {graph.objects:,} objects, numbered from 0.")
    begin, end = graph.first[referrer], graph.first[referrer + 1]
    total, _ = _graph.positions(graph.arcs[8 * begin : 8 * end], target, 2, 1)
    if not total:
        raise NotFound(f"Object {referrer:,} does not refer to object {target:,}.")
    return total


def _types(graph: GraphFile, counts: Sequence[int], sizes: Sequence[int]) -> list[FreedType]:
    rows = [
        FreedType(graph.types[n], count, sizes[n])
        for n, count in enumerate(counts[: len(graph.types)])
        if count
    ]
    return sorted(rows, key=lambda row: -row.size)[:MAX_TYPES]


def _way(graph: GraphFile, found: Sequence[int], target: int) -> list[Link]:
    """From a root, without the reference."""
    way = [target]
    while found[way[-1]] != graph.objects:
        way.append(found[way[-1]])
    root, way = way[-1], way[: MAX_PATH_STEPS + 1][::-1]
    labels = [graph.label(one, other) for one, other in pairwise(way)]
    if way[0] == root:
        labels.insert(0, graph.roots.get(root, ("", ""))[1])
    return [graph.link(n, text) for n, text in zip(way[-len(labels) :], labels, strict=True)]


def _holders(graph: GraphFile, found: Sequence[int], referrer: int, target: int) -> list[Link]:
    """What holds the target beside the referrer: a root leads to it, and not by way of the target.

    One more than are shown, where there are so many.
    """
    apart = _Apart(graph, target)
    made: list[Link] = []
    seen = {referrer}
    for source in graph.sources(target, MAX_REFERRERS):
        if source in seen or found[source] == format.NONE:
            continue
        seen.add(source)
        if apart.is_apart(source):
            made.append(graph.referrer(source, graph.label(source, target)))
            if len(made) > MAX_LINKS:
                break
    return made


def _kept(graph: GraphFile, found: Sequence[int], target: int) -> list[Link]:
    """What the target refers to that stays, the largest first."""
    links = {
        index: graph.link(index, label)
        for index, label in _referents(graph, target)
        if label != _TYPE and found[index] != format.NONE and _matters(graph, index)
    }
    return sorted(links.values(), key=lambda link: -link.retained)[:MAX_LINKS]


def _matters(graph: GraphFile, index: int) -> bool:
    refers = graph.first[index + 1] > graph.first[index]
    return bool(refers or graph.size[index] >= MIN_LEAF_BYTES)


def _referents(graph: GraphFile, index: int) -> Iterator[tuple[int, str]]:
    begin, end = graph.first[index], graph.first[index + 1]
    for at in range(begin, min(end, begin + MAX_REFERRERS)):
        yield graph.pairs[2 * at], graph.labels[graph.pairs[2 * at + 1]]


class _Apart:
    """Which objects are not dominated by one; each dominator is looked at once."""

    def __init__(self, graph: GraphFile, target: int) -> None:
        self.graph, self.target = graph, target
        self.known: dict[int, bool] = {target: False, graph.objects: True}

    def is_apart(self, index: int) -> bool:
        way = []
        while index not in self.known:
            way.append(index)
            index = self.graph.dominator[index]
        answer = self.known[index]
        self.known.update(dict.fromkeys(way, answer))
        return answer
