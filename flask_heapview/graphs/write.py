"""Makes the core's arrays a file that others can read, and adds what the analysis finds."""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model.base import Model
from . import _graph, format

PIECE_BYTES = 1 << 24  # bytes read at once for a checksum


class Regions(Model, frozen=True):
    """Where the core left its arrays: (offset, bytes) in layout.CORE's order."""

    objects: int
    edges: int
    places: list[tuple[int, int]]


class _File:
    """A zip in the making, mapped whole."""

    def __init__(self, path: Path, regions: Regions) -> None:
        self.members: list[tuple[str, int, int, int]] = []  # name, crc, length, offset
        self.places: dict[str, tuple[int, int]] = {}  # data of the arrays: offset, bytes
        self.elements: dict[str, tuple[str, int]] = {}
        at = 0
        for (name, element, width), (offset, length) in zip(
            format.CORE, regions.places, strict=True
        ):
            self._add(name, element, width, offset, length)
            at = offset + length
        for name, element, width in format.ANSWERS:
            length = width * regions.objects
            offset = (at + 512 + 63) // 64 * 64
            self._add(name, element, width, offset, length)
            at = offset + length
        self.end = at
        self.file = os.open(path, os.O_RDWR)
        os.ftruncate(self.file, self.end)
        self.map = mmap.mmap(self.file, self.end)

    def _add(self, name: str, element: str, width: int, offset: int, length: int) -> None:
        self.places[name] = offset, length
        self.elements[name] = element, width

    def array(self, name: str) -> memoryview:
        offset, length = self.places[name]
        return memoryview(self.map)[offset : offset + length]

    def seal(self) -> None:
        """Writes the arrays' headers into the gaps before them."""
        at = 0
        for name, (offset, length) in self.places.items():
            element, width = self.elements[name]
            begin = offset - format.HEADER_BYTES
            self.map[begin:offset] = format.array_header(element, length // width)
            crc = 0
            for piece in range(begin, offset + length, PIECE_BYTES):
                crc = zlib.crc32(self.map[piece : min(piece + PIECE_BYTES, offset + length)], crc)
            whole = length + format.HEADER_BYTES
            header = format.local_header(f"{name}.npy", crc, whole, begin - at)
            self.map[at:begin] = header
            self.members.append((f"{name}.npy", crc, whole, at))
            at = offset + length

    def close(self, texts: Mapping[str, Any]) -> None:
        """Adds the JSON members and the directory."""
        self.map.flush()
        self.map.close()
        at = os.lseek(self.file, self.end, os.SEEK_SET)
        for name, value in texts.items():
            data = json.dumps(value, ensure_ascii=True).encode()
            header = format.local_header(name, zlib.crc32(data), len(data), 30 + len(name) + 24)
            self.members.append((name, zlib.crc32(data), len(data), at))
            at += _write(self.file, header + data)
        directory = b"".join(
            format.central_header(name, crc, length, offset)
            for name, crc, length, offset in self.members
        )
        _write(self.file, directory)
        _write(self.file, format.directory_end(len(self.members), at, len(directory)))
        os.close(self.file)


def _write(file: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    return len(data)


def finish(
    path: Path,
    regions: Regions,
    types: Sequence[str],
    labels: Sequence[str],
    roots: Mapping[int, tuple[str, str]],
) -> tuple[_graph.GraphFigures, list[int]]:
    """Analyses the graph and completes its file.

    `roots` names those that are known: (sort, name) by the object's index. Returns
    the figures and the bytes that each type retains.
    Raises OSError, MemoryError, or ValueError for arrays that do not fit together.
    """
    made = _File(path, regions)
    of_type = memoryview(bytearray(8 * max(1, len(types)))).cast("Q")
    arrays = {name: made.array(name) for name in made.places}
    try:
        figures = _graph.analyse(
            first=arrays["first"],
            edges=arrays["edge"],
            size=arrays["size"],
            refcount=arrays["refcount"],
            type=arrays["type"],
            dominator=arrays["dominator"],
            retained=arrays["retained"],
            toward=arrays["toward_root"],
            component=arrays["component"],
            of_type=of_type,
        )
    finally:
        for view in arrays.values():
            view.release()
    made.seal()
    made.close(
        {
            "manifest.json": {
                "schema": format.SCHEMA,
                "objects": regions.objects,
                "edges": regions.edges,
                "none": format.NONE,
                "types_retained": list(of_type),
            },
            "types.json": list(types),
            "labels.json": list(labels),
            "roots.json": {str(index): named for index, named in roots.items()},
        }
    )
    return figures, list(of_type)
