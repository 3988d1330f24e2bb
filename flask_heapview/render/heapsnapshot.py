"""A graph capture as a .heapsnapshot file, which Chrome DevTools and memlab open.

The form is the one of V8's HeapSnapshotJSONSerializer, as DevTools' HeapSnapshotLoader reads it:
rows of numbers, those of the nodes first, then the edges of each node in turn, then the strings.
Everything is written as it is read: only the roots and one piece are in memory.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO, Protocol

import msgspec

NODE_FIELDS = ("type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness")
EDGE_FIELDS = ("type", "name_or_index", "to_node")
NODE_TYPES = (
    *("hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native"),
    *("synthetic", "concatenated string", "sliced string", "symbol", "bigint", "object shape"),
)
EDGE_TYPES = ("context", "element", "property", "internal", "hidden", "shortcut", "weak")
_OBJECT, _SYNTHETIC = NODE_TYPES.index("object"), NODE_TYPES.index("synthetic")
_ELEMENT, _PROPERTY, _INTERNAL = (EDGE_TYPES.index(n) for n in ("element", "property", "internal"))
GC_ROOTS, UNREACHED = "(GC roots)", "unreachable from any root"
PIECE = 20_000  # objects, or references, that are written at once
ADDRESS_SHIFT, ID_BITS = 3, 32  # DevTools keeps 32 bits of an id; objects are 8 bytes apart
RESERVED_IDS = 4096  # for what is no object


class Graph(Protocol):
    """What is read of a graph capture; objects have numbers from 0."""

    objects: int
    types: list[str]
    labels: list[str]
    roots: dict[int, tuple[str, str]]  # (sort, name) of those that have a name
    address: memoryview
    type: memoryview
    size: memoryview
    first: memoryview
    pairs: memoryview  # target, label; target, label; …
    toward: memoryview

    def sort_of_root(self, index: int) -> str: ...


def write(graph: Graph, file: BinaryIO) -> None:
    """Writes the whole file. Raises OSError."""
    _Writer(graph, file).write()


def ids_from_addresses(address: Sequence[int]) -> bool:
    """Whether the lower bits of ascending addresses tell all objects apart.

    They do unless parts of the heap are multiples of 32 GB apart, and overlap but for that.
    """
    window, spans = ADDRESS_SHIFT + ID_BITS, [(0, RESERVED_IDS)]
    begin = 0
    while begin < len(address):
        end = bisect_left(address, ((address[begin] >> window) + 1) << window, begin)
        spans.append((_short(address[begin]), _short(address[end - 1]) + 1))
        begin = end
    spans.sort()
    return all(one[1] <= other[0] for one, other in pairwise(spans))


def _short(address: int) -> int:
    return (address >> ADDRESS_SHIFT) & ((1 << ID_BITS) - 1)


class _Writer:
    """One file. The root, `(GC roots)` and a node for each sort of root precede the objects."""

    def __init__(self, graph: Graph, file: BinaryIO) -> None:
        self.graph, self.file = graph, file
        self.strings: dict[str, int] = {"": 0}
        self.roots = _roots(graph)
        self.before = 2 + len(self.roots)  # nodes that are no objects
        self.by_address = ids_from_addresses(graph.address)

    def write(self) -> None:
        edges = (
            1 + len(self.roots) + sum(map(len, self.roots.values())) + len(self.graph.pairs) // 2
        )
        head = {"meta": _meta(), "node_count": self.before + self.graph.objects}
        head |= {"edge_count": edges, "trace_function_count": 0}
        self.file.write(b'{"snapshot":' + msgspec.json.encode(head) + b',\n"nodes":[')
        self._pieces(self._nodes())
        self.file.write(b'],\n"edges":[')
        self._pieces(self._edges())
        self.file.write(b'],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n')
        self.file.write(b'"locations":[],\n"strings":')
        self.file.write(msgspec.json.encode(list(self.strings)) + b"}\n")

    def _pieces(self, pieces: Iterator[list[str]]) -> None:
        """Rows with commas between them, each on a line."""
        comma = ""
        for rows in pieces:
            if rows:
                self.file.write((comma + ",\n".join(rows)).encode("ascii"))
                comma = ",\n"

    def _string(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def _nodes(self) -> Iterator[list[str]]:
        graph = self.graph
        counts = [1, len(self.roots), *map(len, self.roots.values())]
        names = ["", GC_ROOTS, *(f"({sort})" for sort in self.roots)]
        yield [
            f"{_SYNTHETIC},{self._string(name)},{number},0,{count},0,0"
            for number, (name, count) in enumerate(zip(names, counts, strict=True), 1)
        ]
        kinds = [f"{_OBJECT},{self._string(name)}," for name in graph.types]
        for begin in range(0, graph.objects, PIECE):
            end = min(begin + PIECE, graph.objects)
            first = graph.first[begin : end + 1].tolist()
            columns = (
                graph.type[begin:end].tolist(),
                self._ids(begin, end),
                graph.size[begin:end].tolist(),
                first,
                first[1:],
            )
            yield [
                f"{kinds[kind]}{number},{size},{after - at},0,0"
                for kind, number, size, at, after in zip(*columns, strict=False)
            ]

    def _ids(self, begin: int, end: int) -> Sequence[int]:
        """Of one process, an object has the same id in each capture: DevTools compares by them."""
        if not self.by_address:
            return range(RESERVED_IDS + begin, RESERVED_IDS + end)
        return [_short(address) for address in self.graph.address[begin:end]]

    def _edges(self) -> Iterator[list[str]]:
        fields = len(NODE_FIELDS)
        yield [f"{_ELEMENT},1,{fields}"]
        yield [f"{_ELEMENT},{n},{(1 + n) * fields}" for n in range(1, 1 + len(self.roots))]
        for indexes in self.roots.values():
            for begin in range(0, len(indexes), PIECE):
                some = indexes[begin : begin + PIECE]
                yield [self._root_edge(n, index) for n, index in enumerate(some, begin)]
        kinds = [self._edge_kind(label) for label in self.graph.labels]
        pairs, before = self.graph.pairs, self.before
        for begin in range(0, len(pairs), 2 * PIECE):
            piece = pairs[begin : begin + 2 * PIECE].tolist()
            yield [
                f"{kinds[label]}{(before + target) * fields}"
                for target, label in zip(piece[::2], piece[1::2], strict=True)
            ]

    def _root_edge(self, place: int, index: int) -> str:
        to = (self.before + index) * len(NODE_FIELDS)
        name = self.graph.roots.get(index, ("", ""))[1]
        return f"{_PROPERTY},{self._string(name)},{to}" if name else f"{_ELEMENT},{place},{to}"

    def _edge_kind(self, label: str) -> str:
        """A name is a property, anything else what DevTools calls internal."""
        name = label.removeprefix(".")
        kind = _INTERNAL if name.startswith("[") else _PROPERTY
        return f"{kind},{self._string(name)},"


def _roots(graph: Graph) -> Mapping[str, array[int]]:
    """The roots by their sort, and at the end the objects that no root leads to."""
    found: dict[str, array[int]] = {}
    unreached = array("I")
    none = (1 << 32) - 1
    for begin in range(0, graph.objects, PIECE):
        piece = graph.toward[begin : min(begin + PIECE, graph.objects)].tolist()
        for index, step in enumerate(piece, begin):
            if step == graph.objects:
                found.setdefault(graph.sort_of_root(index), array("I")).append(index)
            elif step == none:
                unreached.append(index)
    return {**found, UNREACHED: unreached} if unreached else found


def _meta() -> dict[str, object]:
    return {
        "node_fields": NODE_FIELDS,
        "node_types": [NODE_TYPES, "string", *["number"] * 5],
        "edge_fields": EDGE_FIELDS,
        "edge_types": [EDGE_TYPES, "string_or_number", "node"],
        "trace_function_info_fields": [
            *("function_id", "name", "script_name", "script_id", "line", "column")
        ],
        "trace_node_fields": ["id", "function_info_index", "count", "size", "children"],
        "sample_fields": ["timestamp_us", "last_assigned_id"],
        "location_fields": ["object_index", "script_id", "line", "column"],
    }
