"""What would be free without a reference, against removing it and looking again."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

pytest.importorskip("flask_heapview.graphs._graph", reason="it was not built: no C compiler")
from flask_heapview.errors import NotFound
from flask_heapview.graphs import _graph
from flask_heapview.graphs.cut import cut
from flask_heapview.graphs.read import GraphFile
from flask_heapview.graphs.write import Regions, finish

from .test_graph_algorithms import MORE, Small, graphs, reach

LABELS = ["[item]", ".kept"]


@contextmanager
def stored(graph: Small) -> Iterator[GraphFile]:
    """The graph in a file, as a capture leaves it. The label is that of the target's number."""
    count, first, edges = len(graph.children), array("Q", [0]), array("I")
    inside = [0] * count
    for children in graph.children:
        for child in children:
            edges.extend((child, child % 2))
            inside[child] += 1
        first.append(len(edges) // 2)
    refcounts = array("I", [n + (v in graph.roots) for v, n in enumerate(inside)])
    columns = [array("Q", range(count)), array("I", graph.kinds), array("I", graph.sizes)]
    places, data = [], b""
    for column in (*columns, refcounts, first, edges):
        data += bytes(512 - len(data) % 64)
        places.append((len(data), len(column.tobytes())))
        data += column.tobytes()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.graph"
        path.write_bytes(data)
        regions = Regions(count, len(edges) // 2, places)
        finish(path, regions, [f"kind{n}" for n in range(4)], LABELS, {})
        yield GraphFile(path)


def without(graph: Small, referrer: int, target: int) -> Small:
    children = [
        [child for child in row if (v, child) != (referrer, target)]
        for v, row in enumerate(graph.children)
    ]
    return graph._replace(children=children)


@settings(max_examples=120 * MORE, deadline=None)
@given(graphs())
def test_against_removing_the_reference(graph: Small) -> None:
    before = reach(graph)
    with stored(graph) as file:
        for referrer, row in enumerate(graph.children):
            for target in set(row):
                less = without(graph, referrer, target)
                after = reach(less)
                gone = before - after
                found = cut(file, referrer, target)
                assert found.objects == len(gone)
                assert found.size == sum(graph.sizes[v] for v in gone)
                kinds = {f"kind{graph.kinds[v]}" for v in gone}
                assert {row.type for row in found.types} == kinds
                assert sum(row.size for row in found.types) == found.size
                assert found.references == row.count(target)
                assert (found.reached, found.freed) == (target in before, target in gone)
                assert bool(found.root) == (target in graph.roots)
                stays = target in after
                apart = reach(less, target) if stays else set()
                holders = {v for v in apart if v != referrer and target in graph.children[v]}
                assert {link.index for link in found.holders} == holders
                check_way(less, [link.index for link in found.way], target if stays else None)
                kept = {v for v in graph.children[target] if v in after and target in gone}
                matter = {v for v in kept if graph.children[v] or graph.sizes[v] >= 512}
                assert {link.index for link in found.kept} == matter


def check_way(graph: Small, way: list[int], target: int | None) -> None:
    """That it leads from a root to the target by references that there are."""
    if target is None:
        assert way == []
        return
    assert way[0] in graph.roots
    assert way[-1] == target
    assert all(b in graph.children[a] for a, b in pairwise(way))


def chain(count: int, *more: tuple[int, int]) -> Small:
    """0 refers to 1, and so on."""
    children = [[v + 1] for v in range(count - 1)] + [[]]
    for source, target in more:
        children[source].append(target)
    return Small(children, {0}, [1] * count, [v % 4 for v in range(count)])


def test_a_long_way_has_its_end() -> None:
    with stored(chain(200, (0, 150))) as file:
        found = cut(file, 0, 150)
        assert not found.freed
        assert [link.index for link in found.way] == list(range(91, 151))
        assert found.way[0].label == LABELS[1]
        assert [link.index for link in found.holders] == [149]
        assert cut(file, 0, 1).objects == 149
        assert cut(file, 150, 151).size == 49


def test_what_is_not_there() -> None:
    with stored(chain(3)) as file:
        for referrer, target in ((0, 2), (2, 0), (0, 3), (3, 0), (-1, 0), (0, -1)):
            with pytest.raises(NotFound):
                cut(file, referrer, target)


def test_more_holders_than_are_shown() -> None:
    with stored(chain(80, *((v, 79) for v in range(40)))) as file:
        found = cut(file, 78, 79)
        assert len(found.holders) == 30
        assert found.more_holders


def test_arrays_that_do_not_fit_are_refused() -> None:
    def ask(first: list[int], edges: list[int], count: int, source: int, target: int) -> None:
        numbers, sums = array("I", [0] * count), array("Q", [0])
        given_ = array("Q", first), array("I", edges), numbers, numbers, numbers
        _graph.cut(*given_, source, target, array("I", numbers), sums, array("Q", sums))

    ask([0, 1], [0, 0], 1, 0, 0)
    for case in (([0, 1], [5, 0], 1, 0, 0), ([0, 1], [0, 0], 1, 1, 0), ([0, 1], [0, 0], 1, 0, 1)):
        with pytest.raises(ValueError, match="do not fit"):
            ask(*case)
    for case in (([0, 1], [0, 0], 2, 0, 0), ([], [], 1, 0, 0)):
        with pytest.raises(ValueError, match="bytes"):
            ask(*case)
