"""Reads a .heapsnapshot, and checks what its readers rely on."""

from __future__ import annotations

import json

import numpy


class HeapFile:
    """The nodes and edges of a file. Fails for one that DevTools could not read."""

    def __init__(self, data: bytes) -> None:
        found = json.loads(data)
        self.strings: list[str] = found["strings"]
        head, meta = found["snapshot"], found["snapshot"]["meta"]
        self.node_types, self.edge_types = meta["node_types"][0], meta["edge_types"][0]
        self.nodes = self._columns(found["nodes"], meta["node_fields"])
        self.edges = self._columns(found["edges"], meta["edge_fields"])
        self.count = len(self.nodes["id"])
        assert self.count == head["node_count"]
        assert len(self.edges["to_node"]) == head["edge_count"]
        for kind, fields in (("node_types", "node_fields"), ("edge_types", "edge_fields")):
            assert len(meta[kind]) == len(meta[fields])
        self.ends = self.nodes["edge_count"].cumsum()
        assert self.ends[-1] == head["edge_count"]
        width = len(meta["node_fields"])
        assert not (self.edges["to_node"] % width).any()
        self.to = self.edges["to_node"] // width
        self._check()
        keys = list(found)
        order = [keys.index(key) for key in ("snapshot", "nodes", "edges", "samples", "strings")]
        assert order == sorted(order)  # readers of a stream look for one after the other
        for key, fields in (("samples", "sample_fields"), ("locations", "location_fields")):
            assert len(found[key]) % len(meta[fields]) == 0

    @staticmethod
    def _columns(flat: list[int], fields: list[str]) -> dict[str, numpy.ndarray]:
        assert len(flat) % len(fields) == 0
        rows = numpy.array(flat, dtype="i8").reshape(-1, len(fields))
        assert ((rows >= 0) & (rows < 1 << 32)).all()
        return {field: rows[:, n] for n, field in enumerate(fields)}

    def _check(self) -> None:
        assert (self.nodes["type"] < len(self.node_types)).all()
        assert (self.nodes["name"] < len(self.strings)).all()
        assert (self.nodes["id"] > 0).all()
        assert len(numpy.unique(self.nodes["id"])) == self.count
        assert (self.edges["type"] < len(self.edge_types)).all()
        assert (self.to < self.count).all()
        numbered = [self.edge_types.index(name) for name in ("element", "hidden")]
        self.named = ~numpy.isin(self.edges["type"], numbered)
        assert (self.edges["name_or_index"][self.named] < len(self.strings)).all()
        assert self.node_types[self.nodes["type"][0]] == "synthetic"
        assert self._reached() == self.count  # others would be guessed at

    def _reached(self) -> int:
        """The number of nodes to which the root leads."""
        sources = numpy.repeat(numpy.arange(self.count), self.nodes["edge_count"])
        found = numpy.zeros(self.count, dtype=bool)
        found[0], before = True, 0
        while before != found.sum():
            before = found.sum()
            found[self.to[found[sources]]] = True
        return int(before)

    def name(self, node: int) -> str:
        return self.strings[self.nodes["name"][node]]

    def named_edges(self, name: str) -> list[int]:
        """The nodes to which edges of that name lead."""
        wanted = self.edges["name_or_index"] == self.strings.index(name)
        return [int(node) for node in self.to[self.named & wanted]]

    def leads(self, node: int) -> list[tuple[str | int, int]]:
        """(name or number, target) of the edges of a node."""
        end = int(self.ends[node])
        return [
            (
                self.strings[self.edges["name_or_index"][n]]
                if self.named[n]
                else int(self.edges["name_or_index"][n]),
                int(self.to[n]),
            )
            for n in range(end - int(self.nodes["edge_count"][node]), end)
        ]

    def objects(self) -> int:
        return int((self.nodes["type"] == self.node_types.index("object")).sum())

    def total(self) -> int:
        return int(self.nodes["self_size"].sum())

    def roots(self) -> dict[str, list[tuple[str | int, int]]]:
        """What hangs below `(GC roots)`, by the sort of root."""
        ((_, top),) = self.leads(0)
        assert self.name(top) == "(GC roots)"
        return {self.name(sort): self.leads(sort) for _, sort in self.leads(top)}
