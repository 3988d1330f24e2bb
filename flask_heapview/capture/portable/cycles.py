"""Circular reference chains: garbage that waits for the collector, and live cycles."""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import objgraph

from ...allocations.site_counter import SiteCounter
from ...inspection.code_locations import CodeLocations
from ...inspection.cycle_shape import shape_fingerprint, short_name
from ...inspection.type_info import TYPE, TypeInfo
from ...model.cycles import CycleGroup
from .edges import Edges, edge_label, referents

MAX_LIVE_OBJECTS = 400_000  # objects among which live cycles are looked for
MAX_SHAPES = 150  # cycle shapes that are drawn
MAX_CHAIN_STEPS = 40
MAX_LEAVES = 1000  # leaves of one object that are looked at for their size
_BLOB = frozenset(
    id(kind)
    for kind in (
        types.ModuleType,
        types.FunctionType,
        types.BuiltinFunctionType,
        types.CodeType,
        types.FrameType,
        types.GetSetDescriptorType,
        types.MemberDescriptorType,
        types.MethodDescriptorType,
        types.WrapperDescriptorType,
        types.MappingProxyType,
        property,
        staticmethod,
        classmethod,
    )
)
# objgraph forces a collection before each search, which would destroy what is searched for
_QUIET_GC: Any = types.SimpleNamespace(
    collect=lambda: 0, get_referents=gc.get_referents, get_objects=gc.get_objects
)


def in_blob(info: TypeInfo) -> bool:
    """Modules, classes and functions all refer to each other: no leak, and no news."""
    return bool(info.flags & TYPE) or id(info.kind) in _BLOB


def leads_on(obj: object) -> bool:
    """Whether it refers to anything that could lead back: most tuples and lists do not."""
    return any(map(gc.is_tracked, referents(obj)))


class ReferenceGraph:
    """The references among a chosen set of objects, instance dictionaries stepped over."""

    def __init__(self, objects: Sequence[object], edges: Edges) -> None:
        self.edges = edges
        own = edges.instance_dicts
        self.objects = [o for o in objects if id(o) not in own]
        self.index = {id(o): n for n, o in enumerate(self.objects)}

    def successors(self, number: int) -> list[int]:
        index, own = self.index, self.edges.instance_dicts
        found = []
        for ref in referents(self.objects[number]):
            if id(ref) in own:
                found += [index[id(r)] for r in referents(ref) if id(r) in index]
            elif id(ref) in index:
                found.append(index[id(ref)])
        return found


def components(graph: ReferenceGraph) -> list[list[int]]:
    """Strongly connected components that hold a cycle (Tarjan 1972, without recursion)."""
    total = len(graph.objects)
    order, low = [0] * total, [0] * total
    on_stack = bytearray(total)
    stack: list[int] = []
    result: list[list[int]] = []
    clock = 0
    for start in range(total):
        if order[start]:
            continue
        work = [(start, iter(graph.successors(start)))]
        clock += 1
        order[start] = low[start] = clock
        stack.append(start)
        on_stack[start] = 1
        while work:
            node, following = work[-1]
            for child in following:
                if not order[child]:
                    clock += 1
                    order[child] = low[child] = clock
                    stack.append(child)
                    on_stack[child] = 1
                    work.append((child, iter(graph.successors(child))))
                    break
                if on_stack[child]:
                    low[node] = min(low[node], order[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    _close(graph, node, stack, on_stack, result)
    return result


def _close(
    graph: ReferenceGraph, node: int, stack: list[int], on_stack: bytearray, result: list[list[int]]
) -> None:
    members = []
    while True:
        member = stack.pop()
        on_stack[member] = 0
        members.append(member)
        if member == node:
            break
    if len(members) > 1 or any(r is graph.objects[node] for r in referents(graph.objects[node])):
        result.append(members)


def shortest_cycle(graph: ReferenceGraph, members: Sequence[int]) -> list[object]:
    """The objects along a shortest cycle through the component's first instance (objgraph)."""
    inside = {id(graph.objects[m]) for m in members}
    own = graph.edges.instance_dicts
    start = graph.objects[min(members, key=lambda m: _rank(graph, m))]

    def steps(obj: object) -> list[object]:
        return [r for r in referents(obj) if id(r) in inside or id(r) in own]

    def closes(obj: object) -> bool:
        return any(r is start for r in referents(obj))

    boundary = {
        id(r)
        for m in members
        for o in (graph.objects[m], *(d for d in referents(graph.objects[m]) if id(d) in own))
        for r in referents(o)
        if gc.is_tracked(r) and id(r) not in inside and id(r) not in own
    }
    noisy, objgraph.gc = objgraph.gc, _QUIET_GC
    try:
        chain: list[object] = objgraph.find_ref_chain(
            start, closes, max_depth=MAX_CHAIN_STEPS, extra_ignore=boundary
        )
    finally:
        objgraph.gc = noisy
    if not closes(chain[-1]) and steps(start):
        return [start]
    return chain


def _rank(graph: ReferenceGraph, member: int) -> tuple[bool, str, int]:
    """Instances of named classes before builtins, so that a chain begins with what people know."""
    info = graph.edges.types.of(graph.objects[member])
    return info.module == "builtins", info.name, member


def draw(graph: ReferenceGraph, chain: Sequence[object]) -> str:
    """`Order.items → list[0] → Line.order → Order`."""
    own, edges = graph.edges.instance_dicts, graph.edges
    named = [o for o in chain if id(o) not in own]
    parts = []
    for source, target in zip(named, [*named[1:], named[0]], strict=True):
        parts.append(
            f"{short_name(edges.types.of(source).name)}{edge_label(edges, source, target)}"
        )
    return " → ".join([*parts, short_name(edges.types.of(named[0]).name)])


class Grouper:
    """Gathers components of the same shape."""

    def __init__(self, graph: ReferenceGraph, places: CodeLocations, garbage: bool) -> None:
        self.graph, self.places, self.garbage = graph, places, garbage
        self._chains: dict[tuple[int, ...], str] = {}
        self._groups: dict[str, list[list[int]]] = {}

    def add(self, members: list[int]) -> None:
        kinds = {self.graph.edges.types.of(self.graph.objects[m]).number for m in members}
        shape = tuple(sorted(kinds))
        chain = self._chains.get(shape)
        if chain is None:
            if len(self._chains) >= MAX_SHAPES:
                return
            chain = draw(self.graph, shortest_cycle(self.graph, members))
            self._chains[shape] = chain
        self._groups.setdefault(chain, []).append(members)

    def groups(self, size_of: Callable[[object], int]) -> list[CycleGroup]:
        made = []
        for chain, parts in self._groups.items():
            objects = [self.graph.objects[m] for members in parts for m in members]
            names = Counter(self.graph.edges.types.of(o).name for o in objects)
            made.append(
                CycleGroup(
                    fingerprint=shape_fingerprint(chain),
                    chain=chain,
                    garbage=self.garbage,
                    components=len(parts),
                    count=len(objects),
                    size=sum(map(size_of, objects)),
                    types=[name for name, _ in names.most_common(5)],
                    sites=self._sites(objects),
                )
            )
        return made

    def _leaves(self, obj: object) -> list[object]:
        refs = referents(obj)[:20]
        own = self.graph.edges.instance_dicts
        refs += [r for d in refs if id(d) in own for r in referents(d)[:20]]
        return [r for r in refs if not self.graph.edges.types.of(r).tracked]

    def _sites(self, objects: Sequence[object]) -> list[Any]:
        counter = SiteCounter(self.places)
        step = max(1, len(objects) // 200)
        of = self.graph.edges.types.of
        for obj in objects[::step]:
            counter.add(obj, of(obj).sizeof(obj) * step)
            for leaf in self._leaves(obj):  # often the bulk of it: buffers and texts
                counter.add(leaf, of(leaf).sizeof(leaf) * step)
        return counter.sites()


def size_with_leaves(edges: Edges) -> Callable[[object], int]:
    """An object's shallow size with that of the leaves that nobody else refers to."""
    counted: set[int] = set()

    def size(obj: object) -> int:
        total = edges.types.of(obj).sizeof(obj)
        todo = [obj]
        todo += [d for d in referents(obj) if id(d) in edges.instance_dicts]
        for holder in todo:
            leaves = referents(holder)
            del leaves[MAX_LEAVES:]
            for leaf in leaves:
                info = edges.types.of(leaf)
                # the holder, the list of referents, the variable and the call's own argument
                if not info.tracked and id(leaf) not in counted and sys.getrefcount(leaf) <= 4:
                    counted.add(id(leaf))
                    total += info.sizeof(leaf)
        return total

    return size


def find(
    objects: Sequence[object], edges: Edges, places: CodeLocations, garbage: bool
) -> list[CycleGroup]:
    """All cycles among the objects, grouped by shape, largest first."""
    graph = ReferenceGraph(objects, edges)
    grouper = Grouper(graph, places, garbage)
    for members in components(graph):
        grouper.add(members)
    found = grouper.groups(size_with_leaves(edges))
    return sorted(found, key=lambda g: -g.size)
