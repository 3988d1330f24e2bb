"""Dominators, retained sizes, circles and ways to a root, against naive ways of finding them."""

from __future__ import annotations

import heapq
import os
from array import array
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("flask_heapview.graphs._graph", reason="it was not built: no C compiler")
from flask_heapview.graphs import _graph

NONE = 0xFFFF_FFFF

MORE = 5 if os.environ.get("HEAPVIEW_SLOW") else 1  # times as many graphs in the slow matrix


class Small(NamedTuple):
    """A graph as lists."""

    children: list[list[int]]
    roots: set[int]
    sizes: list[int]
    kinds: list[int]


class Found(NamedTuple):
    """What the core says of it."""

    dominator: array[int]
    retained: array[int]
    toward: array[int]
    component: array[int]
    of_type: array[int]
    figures: tuple[int, int, int, int]


def ask(graph: Small) -> Found:
    count = len(graph.children)
    first, edges = array("Q", [0]), array("I")
    inside = [0] * count
    for children in graph.children:
        for child in children:
            edges.extend((child, 0))
            inside[child] += 1
        first.append(len(edges) // 2)
    refcounts = array("I", [n + (v in graph.roots) for v, n in enumerate(inside)])
    answers = [array(code, [7] * count) for code in "IQII"]
    of_type = array("Q", [0] * (max(graph.kinds, default=0) + 1))
    figures = _graph.analyse(
        *(first, edges, array("I", graph.sizes), refcounts, array("I", graph.kinds)),
        *answers,
        of_type,
    )
    return Found(*answers, of_type, figures)


def reach(graph: Small, without: int | None = None) -> set[int]:
    seen = {r for r in graph.roots if r != without}
    todo = list(seen)
    while todo:
        for child in graph.children[todo.pop()]:
            if child != without and child not in seen:
                seen.add(child)
                todo.append(child)
    return seen


@st.composite
def graphs(draw: st.DrawFn) -> Small:
    count = draw(st.integers(1, 14))
    nodes = st.integers(0, count - 1)
    children = draw(st.lists(st.lists(nodes, max_size=4), min_size=count, max_size=count))
    sizes = draw(st.lists(st.integers(1, 1000), min_size=count, max_size=count))
    kinds = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return Small(children, draw(st.sets(nodes, max_size=3)), sizes, kinds)


@settings(max_examples=1000 * MORE, deadline=None)
@given(graphs())
def test_against_removing_each_object(graph: Small) -> None:
    found, count = ask(graph), len(graph.children)
    reached = reach(graph)
    lost = {v: reached - reach(graph, v) for v in reached}  # what goes when v goes, v included
    for v in range(count):
        if v not in reached:
            assert found.dominator[v] == NONE
            continue
        assert found.retained[v] == sum(graph.sizes[u] for u in lost[v])
        above = [u for u in reached if u != v and v in lost[u]]
        nearest = min(above, key=lambda u: len(lost[u]), default=count)
        assert found.dominator[v] == nearest
    assert found.figures[0] == len(graph.roots)
    assert found.figures[1] == count - len(reached)


@settings(max_examples=400 * MORE, deadline=None)
@given(graphs())
def test_what_types_retain(graph: Small) -> None:
    """Together: an object below another of its type is not counted twice."""
    found, reached = ask(graph), reach(graph)
    for kind, retained in enumerate(found.of_type):
        members = {v for v in reached if graph.kinds[v] == kind}
        gone: set[int] = set()
        for v in members:
            gone |= reached - reach(graph, v)
        assert retained == sum(graph.sizes[v] for v in gone)


@settings(max_examples=400 * MORE, deadline=None)
@given(graphs())
def test_ways_to_a_root_are_shortest(graph: Small) -> None:
    found, count = ask(graph), len(graph.children)
    distance = dict.fromkeys(graph.roots, 0)
    todo = [(0, r) for r in graph.roots]
    heapq.heapify(todo)
    while todo:
        steps, v = heapq.heappop(todo)
        for child in graph.children[v]:
            if child not in distance:
                distance[child] = steps + 1
                heapq.heappush(todo, (steps + 1, child))
    for v in range(count):
        if v not in distance:
            assert found.toward[v] == NONE
        elif distance[v] == 0:
            assert found.toward[v] == count
        else:
            assert v in graph.children[found.toward[v]]
            assert distance[found.toward[v]] == distance[v] - 1


@settings(max_examples=400 * MORE, deadline=None)
@given(graphs())
def test_circles(graph: Small) -> None:
    found, count = ask(graph), len(graph.children)
    to = [reach(Small(graph.children, {v}, [], [])) for v in range(count)]
    for v in range(count):
        mates = {u for u in range(count) if u in to[v] and v in to[u]}
        if len(mates) == 1:
            assert found.component[v] == NONE
        else:
            assert {u for u in range(count) if found.component[u] == found.component[v]} == mates
    names = {c for c in found.component if c != NONE}
    assert names == set(range(found.figures[2]))


def test_a_chain_a_million_long() -> None:
    count = 1_000_000
    first = array("Q", range(count))
    first.append(count - 1)
    edges = array("I", bytes(8 * (count - 1)))
    edges[::2] = array("I", range(1, count))
    ones = array("I", [1]) * count
    answers = [array(code, bytes(array(code).itemsize * count)) for code in "IQII"]
    of_type = array("Q", [0, 0])
    refcounts = array("I", [1]) * count
    assert _graph.analyse(first, edges, ones, refcounts, ones, *answers, of_type)[:2] == (1, 0)
    assert answers[1][0] == count
    assert answers[1][count - 1] == 1
    assert of_type[1] == count


def test_arrays_that_do_not_fit_are_refused() -> None:
    def analyse(first: list[int], edges: list[int], count: int) -> None:
        numbers = array("I", [0] * count)
        answers = [array(code, [0] * count) for code in "IQII"]
        given_ = array("Q", first), array("I", edges), numbers, numbers, numbers
        _graph.analyse(*given_, *answers, array("Q", [0]))

    analyse([0, 1], [0, 0], 1)
    for first, edges, count in (([0, 1], [5, 0], 1), ([0, 2], [0, 0], 1), ([1, 1], [0, 0], 1)):
        with pytest.raises(ValueError, match="do not fit"):
            analyse(first, edges, count)
    with pytest.raises(ValueError, match="bytes"):
        analyse([0, 1], [0, 0], 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2))), st.integers(-1, 2))
def test_the_largest(rows: list[tuple[int, int]], key: int) -> None:
    values, keys = array("Q", [v for v, _ in rows]), array("I", [k for _, k in rows])
    total, places = _graph.largest(values, keys, key, 4)
    expected = [v for v, k in rows if key in (-1, k)]
    assert total == len(expected)
    assert [values[p] for p in places] == sorted(expected, reverse=True)[:4]
    assert all(key in (-1, keys[p]) for p in places)
    assert _graph.positions(keys, 1, 1, 2) == (
        sum(k == 1 for _, k in rows),
        [p for p, (_, k) in enumerate(rows) if k == 1][:2],
    )
