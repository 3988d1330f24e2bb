"""Reads the file that the native core writes; its writer is csrc/write.c."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ...allocations.samples import Samples
from ...allocations.samples import parse as parse_samples
from ...model.ownership import FRAME
from ...text import clean

MAGIC = b"HVRAW001"
NONE = 0xFFFF_FFFF
REGIONS = 6  # arrays of a graph
_PREFIX = ("", ".", " local ", " closure ", FRAME, " context ", "", "thread ")
_SUFFIX = ("", "", "", "", "", "", "", ":")
_NODE = struct.Struct("=IIIBBQQI")


class RawType(msgspec.Struct):
    """One type of the census."""

    module: str
    name: str  # module-qualified, builtins bare
    cache: int  # 1 + place in layout.caches(), 0 for none
    resource: int  # 1 + place in layout.resources(), 0 for none
    count: int
    size: int
    tracked: int


class RawNode(msgspec.Struct):
    """One path node; `kept` tells whether it is worth a line."""

    parent: int
    label: int
    type: int
    rank: int
    kept: int
    count: int
    size: int
    collects: int  # 1 + place in `collects`, 0 for none


class RawCollects(msgspec.Struct):
    """What is known of a node that collects."""

    entries: int
    containers: int
    limit: int  # -1: none is known


class RawEntry(msgspec.Struct):
    """One of a container's newest entries: its type, and (address, bytes) of what is in it."""

    type: int
    blocks: list[tuple[int, int]]


class RawCache(msgspec.Struct):
    """A cache of a known library; -1 stands for what is not known."""

    node: int
    type: int
    entries: int
    limit: int
    hits: int
    misses: int


class RawOpen(msgspec.Struct):
    """An object that holds a resource open."""

    node: int
    type: int
    block: int


class RawStep(msgspec.Struct):
    """One step of a cycle."""

    type: int
    label: int
    place: int


class RawCycle(msgspec.Struct):
    """All cycles of one shape."""

    garbage: bool
    components: int
    count: int
    size: int
    kinds: list[tuple[int, int]]  # type, objects
    chain: list[RawStep]
    blocks: list[int]


class RawGraph(msgspec.Struct):
    """Where the graph's arrays lie in their own file; all zero for a capture without one."""

    objects: int
    edges: int
    places: list[tuple[int, int]]  # offset and bytes
    held: list[tuple[int, int, int]]  # what functions hold: index, node, label
    modules: list[tuple[int, int, int]]  # index, that of its dictionary, node


class Raw(msgspec.Struct):
    """All that one walk found."""

    visited: int
    large: int
    truncated: int
    garbage_objects: int
    garbage_node: int
    labels: list[str]
    types: list[RawType]
    nodes: list[RawNode]
    collects: list[RawCollects]
    samples: dict[int, list[RawEntry]]  # by 1 + place in `collects`
    ends: dict[int, tuple[int, int]]  # marks of the first and the last entries, by the same
    keys: dict[int, list[object]]
    caches: list[RawCache]
    open: list[RawOpen]
    cycles: list[RawCycle]
    garbage_looked_at: int
    live_looked_at: int
    live_candidates: int
    allocator: str  # what CPython says of its own allocator
    private: int  # bytes that only the child has
    graph: RawGraph
    sampler: Samples | None  # what the sampler knows, with the nodes that hold its blocks


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from("=" + form, self.data, self.at)
        self.at += struct.calcsize("=" + form)
        return found

    def number(self) -> int:
        return self.take("I")[0]

    def bytes(self) -> bytes:
        length = self.number()
        self.at += length
        if self.at > len(self.data):
            raise struct.error("cut short")
        return self.data[self.at - length : self.at]

    def text(self) -> str:
        return clean(self.bytes().decode("utf-8", "surrogatepass"))

    def label(self) -> str:
        kind = self.take("B")[0]
        return f"{_PREFIX[kind]}{self.text()}{_SUFFIX[kind]}"

    def type(self) -> RawType:
        module, name = self.text(), self.text()
        full = name if module == "builtins" else f"{module}.{name}"
        return RawType(module, full, *self.take("BBQQQ"))

    def nodes(self) -> Iterator[RawNode]:
        count = self.number()
        end = self.at + count * _NODE.size
        for fields in _NODE.iter_unpack(self.data[self.at : end]):
            yield RawNode(*fields)
        self.at = end

    def samples(self) -> tuple[dict[int, list[RawEntry]], dict[int, tuple[int, int]]]:
        found: dict[int, list[RawEntry]] = {}
        ends: dict[int, tuple[int, int]] = {}
        while place := self.number():
            rows = found.setdefault(place, [])
            first, last = self.take("QQ")
            ends.setdefault(place, (first, last))
            for _ in range(self.number()):
                kind, count = self.take("II")
                flat = self.take(f"{2 * count}Q")
                rows.append(RawEntry(kind, list(zip(flat[::2], flat[1::2], strict=True))))
        return found, ends

    def keys(self) -> dict[int, list[object]]:
        found: dict[int, list[object]] = {}
        while place := self.number():
            rows = found.setdefault(place, [])
            while kind := self.take("B")[0]:
                rows.append(self._key(chr(kind)))
        return found

    def _key(self, kind: str) -> object:
        if kind == "i":
            return self.take("q")[0]
        return self.bytes() if kind == "b" else self.bytes().decode("utf-8", "surrogatepass")

    def cycle(self) -> RawCycle:
        garbage, components, count, size = self.take("BQQQ")
        kinds = [self._pair() for _ in range(self.number())]
        chain = [RawStep(*self.take("IIq")) for _ in range(self.number())]
        blocks = list(self.take(f"{self.number()}Q"))
        return RawCycle(bool(garbage), components, count, size, kinds, chain, blocks)

    def graph(self) -> RawGraph:
        objects, edges = self.take("QQ")
        flat = self.take(f"{2 * REGIONS}Q")
        places = list(zip(flat[::2], flat[1::2], strict=True))
        held = [self._three() for _ in range(self.number())]
        modules = [self._module() for _ in range(self.number())]
        return RawGraph(objects, edges, places, held, modules)

    def _three(self) -> tuple[int, int, int]:
        index, node, label = self.take("QII")
        return index, node, label

    def _module(self) -> tuple[int, int, int]:
        index, attributes, node = self.take("QQI")
        return index, attributes, node

    def _pair(self) -> tuple[int, int]:
        kind, count = self.take("IQ")
        return kind, count


def parse(data: bytes) -> Raw:
    """Raises ValueError when the file is not whole."""
    if data[:8] != MAGIC or data[-4:] != b"END.":
        raise ValueError("the core's result is not whole")
    reader = _Reader(data)
    reader.at = 8
    try:
        return _parse(reader)
    except (struct.error, IndexError) as error:
        raise ValueError(f"the core's result is damaged: {error}") from None


def _parse(reader: _Reader) -> Raw:
    visited, large, truncated, garbage_objects, garbage_node = reader.take("QQQQI")
    labels = [reader.label() for _ in range(reader.number())]
    types = [reader.type() for _ in range(reader.number())]
    nodes = list(reader.nodes())
    collects = [RawCollects(*reader.take("QQq")) for _ in range(reader.number())]
    (samples, ends), keys = reader.samples(), reader.keys()
    caches = [RawCache(*reader.take("IIqqqq")) for _ in range(reader.number())]
    opened = [RawOpen(*reader.take("IIQ")) for _ in range(reader.number())]
    looked = reader.take("QQQ")
    cycles = [reader.cycle() for _ in range(reader.number())]
    allocator, private = reader.bytes().decode(errors="replace"), reader.take("Q")[0]
    graph = reader.graph()
    return Raw(
        visited=visited,
        large=large,
        truncated=truncated,
        garbage_objects=garbage_objects,
        garbage_node=garbage_node,
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
        sampler=parse_samples(reader.data, reader.at),
    )


def read(path: Path) -> Raw:
    """Raises OSError, or ValueError when the file is not whole."""
    return parse(path.read_bytes())
