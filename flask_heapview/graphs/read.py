"""Reads a graph capture: arrays are mapped, and questions are answered from them as they lie."""

from __future__ import annotations

import json
import mmap
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from ..errors import CorruptSnapshot, NotFound
from ..model.ownership import dotted
from ..model.retained import CODE, BigObject, Link, ObjectDetail, ObjectList
from . import _graph, format

MAX_LINKS = 30  # links of each sort
MAX_PATH_STEPS = 60  # steps of a way that are shown
MIN_IMMORTAL_REFCOUNT = (
    1 << 30
)  # reference counts from here on mark what is never freed (3.12 and later)


class GraphFile:
    """An open graph capture. Raises CorruptSnapshot for a file that is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._open(path)
        except FileNotFoundError:
            raise NotFound(
                'This snapshot has no graph. Capture one with {"kind": "graph"}.'
            ) from None
        except (zipfile.BadZipFile, ValueError, KeyError, OSError) as error:
            raise CorruptSnapshot(f"{path.name} is damaged: {error}.") from None

    def _open(self, path: Path) -> None:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            read = {name: json.loads(archive.read(f"{name}.json")) for name in _JSON}
            arrays: dict[str, Any] = {}
            for name, _, width in (*format.CORE, *format.ANSWERS):
                info = archive.getinfo(f"{name}.npy")
                offset = _data_of(self._map, info) + format.HEADER_BYTES
                view = memoryview(self._map)[offset : offset + info.file_size - format.HEADER_BYTES]
                arrays[name] = view if name == "edge" else view.cast("I" if width == 4 else "Q")
        if read["manifest"]["schema"] != format.SCHEMA:
            raise ValueError(f"it has the schema {read['manifest']['schema']}")
        self.types: list[str] = read["types"]
        self.labels: list[str] = read["labels"]
        self.roots: dict[int, tuple[str, str]] = {
            int(index): (sort, name) for index, (sort, name) in read["roots"].items()
        }
        self.objects: int = read["manifest"]["objects"]
        self.address, self.type, self.size = arrays["address"], arrays["type"], arrays["size"]
        self.refcount, self.first = arrays["refcount"], arrays["first"]
        self.arcs, self.pairs = arrays["edge"], arrays["edge"].cast("I")
        self.dominator, self.retained = arrays["dominator"], arrays["retained"]
        self.toward, self.component = arrays["toward_root"], arrays["component"]

    # --- names

    def label(self, source: int, target: int) -> str:
        """The first label by which one object refers to the other."""
        begin, end = self.first[source], self.first[source + 1]
        _, places = _graph.positions(self.arcs[8 * begin : 8 * end], target, 2, 1)
        return str(self.labels[self.pairs[2 * (begin + places[0]) + 1]]) if places else "[ref]"

    def way(self, index: int) -> list[int]:
        """From a root to the object, by a shortest path; only itself where none leads to it."""
        found = [index]
        while self.toward[found[-1]] not in (self.objects, format.NONE):
            found.append(self.toward[found[-1]])
        return found[::-1]

    def sort_of_root(self, index: int) -> str:
        """What sort of root an object is."""
        if index in self.roots:
            return self.roots[index][0]
        return "immortal" if self.refcount[index] >= MIN_IMMORTAL_REFCOUNT else "held from C"

    def _is_module(self, index: int) -> bool:
        return self.roots.get(index, ("", ""))[0] == "module"

    def name(self, way: list[int]) -> str:
        """The way as a dotted path, from the last module on it, or else from its root."""
        begin = max((n for n, index in enumerate(way) if self._is_module(index)), default=0)
        known = self.roots.get(way[begin])
        first = known[1] if known else f"({self.types[self.type[way[begin]]]})"
        labels = [self.label(source, target) for source, target in pairwise(way[begin:])]
        return dotted([first, *(text for text in labels if text != ".__dict__")])

    # --- objects

    def big(self, index: int) -> BigObject:
        """One object in a line."""
        return BigObject(
            index=index,
            type=self.types[self.type[index]],
            size=self.size[index],
            retained=self.retained[index],
            name=self.name(self.way(index)),
        )

    def biggest(self, kind: int, limit: int) -> ObjectList:
        """Those that retain the most, of one type, or of all where `kind` is -1."""
        if not -1 <= kind < len(self.types):
            raise NotFound("There is no type with that number.")
        total, places = _graph.largest(self.retained, self.type, kind, limit)
        name = self.types[kind] if kind >= 0 else ""
        return ObjectList(type=name, total=total, objects=[self.big(place) for place in places])

    def link(self, index: int, label: str) -> Link:
        """One object at the end of a reference."""
        return Link(
            index=index,
            label=label,
            type=self.types[self.type[index]],
            size=self.size[index],
            retained=self.retained[index],
        )

    def referrer(self, index: int, label: str) -> Link:
        """One object that refers. A function has its name, which no label says."""
        link = self.link(index, label)
        if label != CODE or self.toward[index] == format.NONE:
            return link
        name = self.name(self.way(index))
        return link if name.startswith("(") else msgspec.structs.replace(link, name=name)

    def _way(self, way: list[int]) -> list[Link]:
        labels = [self.label(a, b) for a, b in pairwise(way)]
        first = self.roots.get(way[0], ("", ""))[1]
        return [self.link(i, text) for i, text in zip(way, [first, *labels], strict=True)][
            -MAX_PATH_STEPS:
        ]

    def _dominators(self, index: int) -> list[Link]:
        found: list[Link] = []
        at = self.dominator[index]
        while at not in (self.objects, format.NONE) and len(found) < MAX_PATH_STEPS:
            found.append(self.link(at, ""))
            at = self.dominator[at]
        return found

    def sources(self, index: int, limit: int) -> Iterator[int]:
        """The objects that refer to one, for each of its first references."""
        for place in _graph.positions(self.arcs, index, 2, limit)[1]:
            yield bisect_right(self.first, place) - 1

    def _referrers(self, index: int) -> tuple[int, list[Link]]:
        total, places = _graph.positions(self.arcs, index, 2, MAX_LINKS)
        found = []
        for place in places:
            source = bisect_right(self.first, place) - 1
            found.append(self.referrer(source, self.labels[self.pairs[2 * place + 1]]))
        return total, found

    def detail(self, index: int) -> ObjectDetail:
        """Everything about one object. Raises NotFound."""
        if not 0 <= index < self.objects:
            raise NotFound(
                f"There is no object {index:,}. The capture has {self.objects:,} objects."
            )
        way = self.way(index)
        reached = self.toward[index] != format.NONE
        begin, end = self.first[index], self.first[index + 1]
        below_total, below = _graph.largest(self.retained, self.dominator, index, MAX_LINKS)
        referrers_total, referrers = self._referrers(index)
        circle = self.component[index]
        return ObjectDetail(
            index=index,
            address=hex(self.address[index]),
            type=self.types[self.type[index]],
            size=self.size[index],
            retained=self.retained[index],
            refcount=self.refcount[index],
            circle=None if circle == format.NONE else circle,
            name=self.name(way),
            way=self._way(way),
            root=self.sort_of_root(way[0]) if reached else "",
            dominators=self._dominators(index),
            referrers=referrers,
            referrers_total=referrers_total,
            referents=[
                self.link(self.pairs[2 * at], self.labels[self.pairs[2 * at + 1]])
                for at in range(begin, min(end, begin + MAX_LINKS))
            ],
            referents_total=end - begin,
            dominated=[self.link(i, self.label(index, i)) for i in below],
            dominated_total=below_total,
        )


_JSON = ("manifest", "types", "labels", "roots")


def _data_of(data: mmap.mmap, info: zipfile.ZipInfo) -> int:
    """Where a stored member's data begins."""
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    at = info.header_offset
    name, extra = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (26, 28))
    return at + 30 + name + extra
