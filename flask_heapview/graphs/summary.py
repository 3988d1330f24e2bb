"""What a graph capture tells at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..model.base import Model
from ..model.retained import ModuleRow, Retained, RetainedType, RootRow
from . import _graph
from .read import GraphFile
from .write import Regions, finish

MAX_BIGGEST_OBJECTS = 100
MAX_TYPES = 200
MAX_NAMED_ROOTS = 2_000_000  # roots that are told apart by their sort


class TypeTally(Model, frozen=True):
    """How many objects of a type there are, and their shallow bytes."""

    count: int
    size: int


class Holding(Model, frozen=True):
    """What has a module as its nearest owner; `index` is its dictionary's place in the graph."""

    module: str
    app: bool
    index: int
    count: int
    size: int


class GraphFacts(Model, frozen=True):
    """What the walk knows and the arrays do not."""

    types: list[str]
    tallies: list[TypeTally]  # by the number of the type
    labels: list[str]
    roots: dict[int, tuple[str, str]]  # (sort, name) by index
    holdings: list[Holding]


def complete(path: Path, regions: Regions, facts: GraphFacts) -> Retained:
    """Completes the file and sums it up. Raises OSError, MemoryError or ValueError."""
    figures, of_type = finish(path, regions, facts.types, facts.labels, facts.roots)
    graph = GraphFile(path)
    return Retained(
        objects=regions.objects,
        edges=regions.edges,
        roots=figures.roots,
        unreached=figures.unreached,
        circles=figures.components,
        largest_circle=figures.largest,
        biggest=graph.biggest(-1, MAX_BIGGEST_OBJECTS).objects,
        types=_types(facts, of_type),
        modules=_modules(graph, facts.holdings),
        by_root=_by_root(graph),
    )


def _types(facts: GraphFacts, of_type: Sequence[int]) -> list[RetainedType]:
    rows = [
        RetainedType(number=n, type=facts.types[n], count=t.count, size=t.size, retained=of_type[n])
        for n, t in enumerate(facts.tallies)
        if t.count
    ]
    rows.sort(key=lambda row: -row.retained)
    return rows[:MAX_TYPES]


def _modules(graph: GraphFile, holdings: Sequence[Holding]) -> list[ModuleRow]:
    """By top-level package, the app's own first."""
    rows: dict[str, list[int]] = {}
    own = set()
    for one in holdings:
        name = one.module.partition(".")[0]
        row = rows.setdefault(name, [0, 0, 0])
        row[0] += one.count
        row[1] += one.size
        row[2] += graph.retained[one.index]
        if one.app:
            own.add(name)
    made = [ModuleRow(name, name in own, *row) for name, row in rows.items()]
    return sorted(made, key=lambda row: (not row.app, -row.size))


def _by_root(graph: GraphFile) -> list[RootRow]:
    counts: Counter[str] = Counter()
    retained: Counter[str] = Counter()
    for index in _graph.positions(graph.toward, graph.objects, 1, MAX_NAMED_ROOTS)[1]:
        sort = graph.sort_of_root(index)
        counts[sort] += 1
        if graph.dominator[index] == graph.objects:
            retained[sort] += graph.retained[index]
    return [RootRow(sort, count, retained[sort]) for sort, count in counts.most_common()]
