"""The file for Chrome DevTools, of small graphs: what its readers rely on, and what it costs."""

from __future__ import annotations

import io
import tracemalloc
from array import array
from typing import Any

import pytest

from flask_heapview.render import heapsnapshot
from flask_heapview.render.heapsnapshot import ids_from_addresses

from ..heap_file import HeapFile

NONE = (1 << 32) - 1


class SmallGraph:
    """Objects with their edges: each a list of (target, label)."""

    def __init__(self, edges: list[list[tuple[int, int]]], toward: list[int], base: int) -> None:
        self.objects = len(edges)
        self.types = ["dict", 'odd "\n', "str"]
        self.labels = [".kept", "[value]", ".__dict__", "0"]
        self.roots = {0: ("module", "app")}
        self.address = memoryview(array("Q", [base + 16 * n for n in range(self.objects)]))
        self.type = memoryview(array("I", [n % 3 for n in range(self.objects)]))
        self.size = memoryview(array("I", [100 + n % 1000 for n in range(self.objects)]))
        first, pairs = array("Q", [0]), array("I")
        for row in edges:
            for edge in row:
                pairs.extend(edge)
            first.append(len(pairs) // 2)
        self.first, self.pairs = memoryview(first), memoryview(pairs)
        self.toward = memoryview(array("I", toward))

    def sort_of_root(self, index: int) -> str:
        return self.roots.get(index, ("held from C", ""))[0]


def written(graph: Any) -> HeapFile:
    file = io.BytesIO()
    heapsnapshot.write(graph, file)
    return HeapFile(file.getvalue())


# 0 is a module, 1 its dictionary, 2 a value; 3 is held from C; 4 and 5 are garbage
SMALL = SmallGraph(
    [[(1, 2)], [(2, 0), (2, 1)], [], [(2, 3)], [(5, 1)], [(4, 1)]],
    [6, 0, 1, 6, NONE, NONE],
    0x7F00_0010_0000,
)


def test_objects_and_references_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = io.BytesIO()
    heapsnapshot.write(SMALL, whole)
    for piece in (1, 2, 5):
        monkeypatch.setattr(heapsnapshot, "PIECE", piece)
        file = io.BytesIO()
        heapsnapshot.write(SMALL, file)
        assert file.getvalue() == whole.getvalue()
    found = HeapFile(whole.getvalue())
    before = found.count - SMALL.objects
    assert [found.name(before + n) for n in range(3)] == ["dict", 'odd "\n', "str"]
    assert found.leads(before + 1) == [("kept", before + 2), ("[value]", before + 2)]
    assert found.leads(before + 3) == [("0", before + 2)]
    assert found.total() == sum(SMALL.size)
    assert found.roots() == {
        "(module)": [("app", before)],
        "(held from C)": [(0, before + 3)],
        "(unreachable from any root)": [(0, before + 4), (1, before + 5)],
    }


def test_nothing_at_all_is_a_file_too() -> None:
    assert written(SmallGraph([], [], 0)).roots() == {}


def test_an_object_has_one_id_in_all_captures() -> None:
    later = SmallGraph([[], [], []], [3, 3, 3], 0x7F00_0010_0010)
    ids = written(SMALL).nodes["id"][-6:]
    assert (written(later).nodes["id"][-3:] == ids[1:4]).all()


@pytest.mark.parametrize(
    ("address", "tells_apart"),
    [
        ([], True),
        ([0x5500_0040_0000, 0x7F00_0080_0000], True),
        ([0x5500_0010_0000, 0x7F00_0010_0000], False),  # the lower bits are the same
        ([0x5500_0010_0000, 0x5500_0020_0000, 0x7F00_0018_0000], False),  # the parts overlap
        ([0x7F00_0000_0010], False),  # the bits of what is no object
        ([0x7F07_FFFF_FFF0, 0x7F08_0000_9000], True),  # over the end of a part of 32 GB
        ([0x7F07_0000_0000, 0x7F0F_0000_0000], False),
    ],
)
def test_when_addresses_are_ids(address: list[int], tells_apart: bool) -> None:
    assert ids_from_addresses(address) is tells_apart


def test_addresses_that_do_not_tell_objects_apart_are_no_ids() -> None:
    written(SmallGraph([[]] * 3, [3] * 3, 0x7F00_0000_0010))  # the reader wants each id once


class Sink(io.RawIOBase):
    """Counts what is written, and keeps nothing."""

    total = 0

    def write(self, data: Any) -> int:
        self.total += len(data)
        return len(data)


def test_a_large_graph_needs_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heapsnapshot, "PIECE", 100)
    count = 8_000
    graph = SmallGraph(
        [[((n + 1) % count, 1), ((7 * n) % count, 0)] for n in range(count)],
        [count, *range(count - 1)],
        0x7F00_0010_0000,
    )
    sink: Any = Sink()
    tracemalloc.start()
    try:
        heapsnapshot.write(graph, sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sink.total > 300_000
    assert peak < 60_000
