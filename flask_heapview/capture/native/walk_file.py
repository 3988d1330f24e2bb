"""Reads the file that a walk writes; docs/walk-file.md describes it, csrc/output/ writes it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ...allocations.samples import Samples, parse_dump
from ...core.loader import core
from ...model.ownership import FRAME, THREAD
from ...text import clean

# without a core there is no file to read, and none of these is used
NONE = core.NONE if core is not None else -1
_NODE = struct.Struct("=IIIBBQQI")
_TOTALS = ("visited", "large", "small", "truncated", "garbage_objects", "garbage_node")
_TAG_BYTES = 4
_END = b"END."
# what stands around a name, by the form of its label
_AFFIXES = (
    {}
    if core is None
    else {
        core.FORM_FIXED: ("", ""),
        core.FORM_ATTRIBUTE: (".", ""),
        core.FORM_LOCAL: (" local ", ""),
        core.FORM_CLOSURE: (" closure ", ""),
        core.FORM_FRAME: (FRAME, ""),
        core.FORM_CONTEXT: (" context ", ""),
        core.FORM_MODULE: ("", ""),
        core.FORM_THREAD: (THREAD, ":"),
        core.FORM_KEY: ("[", "]"),
    }
)


class Type(msgspec.Struct):
    """One type of the census."""

    module: str
    name: str  # module-qualified, builtins bare
    cache: int  # 1 + place in offsets.caches(), 0 for none
    resource: int  # 1 + place in offsets.resources(), 0 for none
    metaclass: int  # 1 where its objects are classes
    count: int
    size: int
    tracked: int


class Node(msgspec.Struct):
    """One path node; `kept` tells whether it is worth a line."""

    parent: int
    label: int
    type: int
    rank: int
    kept: int
    count: int
    size: int
    collects: int  # 1 + place in `collects`, 0 for none


class Containers(msgspec.Struct):
    """What is known of a node that collects."""

    entries: int
    containers: int
    limit: int  # -1: none is known


class Entry(msgspec.Struct):
    """One of a container's newest entries: its type, and (address, bytes) of what is in it."""

    type: int
    blocks: list[tuple[int, int]]


class Cache(msgspec.Struct):
    """A cache of a known library; -1 stands for what is not known."""

    node: int
    type: int
    entries: int
    limit: int
    hits: int
    misses: int


class OpenObject(msgspec.Struct):
    """An object that holds a resource open."""

    node: int
    type: int
    block: int


class Step(msgspec.Struct):
    """One step of a cycle."""

    type: int
    label: int
    place: int


class Cycle(msgspec.Struct):
    """All cycles of one shape."""

    garbage: bool
    components: int
    count: int
    size: int
    kinds: list[tuple[int, int]]  # type, objects
    chain: list[Step]
    blocks: list[int]


class Graph(msgspec.Struct):
    """Where the graph's arrays lie in their own file; all zero for a capture without one."""

    objects: int
    edges: int
    places: list[tuple[int, int]]  # offset and bytes
    held: list[tuple[int, int, int]]  # what functions hold: index, node, label
    modules: list[tuple[int, int, int]]  # index, that of its dictionary, node


class WalkFile(msgspec.Struct):
    """All that one walk found."""

    visited: int
    large: int
    small: int
    truncated: int
    garbage_objects: int
    garbage_node: int
    labels: list[str]
    types: list[Type]
    nodes: list[Node]
    collects: list[Containers]
    samples: dict[int, list[Entry]]  # by 1 + place in `collects`
    ends: dict[int, tuple[int, int]]  # marks of the first and the last entries, by the same
    keys: dict[int, list[object]]
    caches: list[Cache]
    open: list[OpenObject]
    cycles: list[Cycle]
    garbage_looked_at: int
    live_looked_at: int
    live_candidates: int
    allocator: str  # what CPython says of its own allocator
    private: int  # bytes that only the child has
    graph: Graph
    sampler: Samples | None  # what the sampler knows, with the nodes that hold its blocks


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def section(self, tag: bytes) -> None:
        """Steps over a section's tag. Raises ValueError where another thing stands."""
        found = self.data[self.at : self.at + _TAG_BYTES]
        if found != tag:
            raise ValueError(f"{found!r} stands at byte {self.at}, where {tag!r} should")
        self.at += _TAG_BYTES

    def row(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from("=" + form, self.data, self.at)
        self.at += struct.calcsize("=" + form)
        return found

    def number(self) -> int:
        return self.row("I")[0]

    def bytes(self) -> bytes:
        length = self.number()
        self.at += length
        if self.at > len(self.data):
            raise struct.error("cut short")
        return self.data[self.at - length : self.at]

    def text(self) -> str:
        return clean(self.bytes().decode("utf-8", "surrogatepass"))

    def label(self) -> str:
        before, after = _AFFIXES[self.row("B")[0]]
        return f"{before}{self.text()}{after}"

    def type(self) -> Type:
        module, name = self.text(), self.text()
        full = name if module == "builtins" else f"{module}.{name}"
        return Type(module, full, *self.row("BBBQQQ"))

    def nodes(self) -> Iterator[Node]:
        count = self.number()
        end = self.at + count * _NODE.size
        if end > len(self.data):
            raise struct.error("cut short")
        for fields in _NODE.iter_unpack(self.data[self.at : end]):
            yield Node(*fields)
        self.at = end

    def samples(self) -> tuple[dict[int, list[Entry]], dict[int, tuple[int, int]]]:
        found: dict[int, list[Entry]] = {}
        ends: dict[int, tuple[int, int]] = {}
        while place := self.number():
            rows = found.setdefault(place, [])
            first, last = self.row("QQ")
            ends.setdefault(place, (first, last))
            for _ in range(self.number()):
                kind, count = self.row("II")
                flat = self.row(f"{2 * count}Q")
                rows.append(Entry(kind, list(zip(flat[::2], flat[1::2], strict=True))))
        return found, ends

    def keys(self) -> dict[int, list[object]]:
        found: dict[int, list[object]] = {}
        while place := self.number():
            rows = found.setdefault(place, [])
            while kind := self.row("B")[0]:
                rows.append(self._key(chr(kind)))
        return found

    def _key(self, kind: str) -> object:
        if kind == "i":
            return self.row("q")[0]
        return self.bytes() if kind == "b" else self.bytes().decode("utf-8", "surrogatepass")

    def cycle(self) -> Cycle:
        garbage, components, count, size = self.row("BQQQ")
        kinds = [self._pair() for _ in range(self.number())]
        chain = [Step(*self.row("IIq")) for _ in range(self.number())]
        blocks = list(self.row(f"{self.number()}Q"))
        return Cycle(bool(garbage), components, count, size, kinds, chain, blocks)

    def graph(self) -> Graph:
        objects, edges = self.row("QQ")
        assert core is not None
        flat = self.row(f"{2 * core.GRAPH_ARRAYS}Q")
        places = list(zip(flat[::2], flat[1::2], strict=True))
        held = [self._three() for _ in range(self.number())]
        modules = [self._module() for _ in range(self.number())]
        return Graph(objects, edges, places, held, modules)

    def _three(self) -> tuple[int, int, int]:
        index, node, label = self.row("QII")
        return index, node, label

    def _module(self) -> tuple[int, int, int]:
        index, attributes, node = self.row("QQI")
        return index, attributes, node

    def _pair(self) -> tuple[int, int]:
        kind, count = self.row("IQ")
        return kind, count


def parse_walk(data: bytes) -> WalkFile:
    """Raises ValueError for a file that is cut short, damaged, or of another version."""
    assert core is not None
    if not data.startswith(core.WALK_MAGIC):
        raise ValueError("this is not a walk file")
    if not data.endswith(_END):
        raise ValueError("the walk file is cut short")
    reader = _Reader(data, len(core.WALK_MAGIC))
    try:
        version = reader.number()
        if version != core.WALK_VERSION:
            raise ValueError(f"it has version {version}, not {core.WALK_VERSION}")
        found = _parse(reader)
        _check(found)
    except (struct.error, LookupError, ValueError) as error:
        raise ValueError(f"the walk file is damaged: {error}") from None
    return found


def _parse(reader: _Reader) -> WalkFile:
    reader.section(b"TOTL")
    totals = reader.row("QQQQQI")
    reader.section(b"LABL")
    labels = [reader.label() for _ in range(reader.number())]
    reader.section(b"TYPE")
    types = [reader.type() for _ in range(reader.number())]
    reader.section(b"NODE")
    nodes = list(reader.nodes())
    reader.section(b"CONT")
    collects = [Containers(*reader.row("QQq")) for _ in range(reader.number())]
    reader.section(b"ENTR")
    samples, ends = reader.samples()
    reader.section(b"KEYS")
    keys = reader.keys()
    reader.section(b"CACH")
    caches = [Cache(*reader.row("IIqqqq")) for _ in range(reader.number())]
    reader.section(b"OPEN")
    opened = [OpenObject(*reader.row("IIQ")) for _ in range(reader.number())]
    reader.section(b"CYCL")
    looked = reader.row("QQQ")
    cycles = [reader.cycle() for _ in range(reader.number())]
    reader.section(b"ALOC")
    allocator, private = reader.bytes().decode(errors="replace"), reader.row("Q")[0]
    reader.section(b"GRPH")
    graph = reader.graph()
    reader.section(b"SAMP")
    return WalkFile(
        **dict(zip(_TOTALS, totals, strict=True)),
        labels=labels,
        types=types,
        nodes=nodes,
        collects=collects,
        samples=samples,
        ends=ends,
        keys=keys,
        caches=caches,
        open=opened,
        cycles=cycles,
        garbage_looked_at=looked[0],
        live_looked_at=looked[1],
        live_candidates=looked[2],
        allocator=allocator,
        private=private,
        graph=graph,
        sampler=parse_dump(reader.data, reader.at),
    )


def _check(found: WalkFile) -> None:
    """Raises ValueError where a node refers to a missing entry."""
    labels, types, containers = len(found.labels), len(found.types), len(found.collects)
    for number, node in enumerate(found.nodes):
        if (
            (node.parent >= number and node.parent != NONE)
            or node.label >= labels
            or (node.type >= types and node.type != NONE)
            or node.collects > containers
        ):
            raise ValueError(f"node {number} refers to a missing entry")
    places = [(one.node, one.type) for one in found.caches]
    places += [(one.node, one.type) for one in found.open]
    if any(node >= len(found.nodes) or kind >= types for node, kind in places):
        raise ValueError("a cache or an open object refers to a missing entry")


def read(path: Path) -> WalkFile:
    """Raises OSError, or ValueError as parse does."""
    return parse_walk(path.read_bytes())
