"""Objects that hold a resource open: by type and owner, and where they were opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ...model.ownership import Site
from ...model.resources import OWN_PATH, OpenObject
from . import walk_file
from .sample_owners import SampleOwners

# an object's address is at most so far within its block: what the collector and the instance's
# dictionary need stands before it
MAX_BYTES_BEFORE = 32
# modules whose objects are made with the one resource that they hold, such as a file's buffer
WRAPPERS = frozenset(
    ("_io", "bz2", "codecs", "gzip", "lzma", "socket", "sqlite3", "ssl", "subprocess", "tempfile")
)


class OpenObjects:
    """Those of one walk."""

    def __init__(
        self, found: walk_file.WalkFile, owned: SampleOwners, path: Callable[[int], str]
    ) -> None:
        self._walk, self._owned, self._path = found, owned, path

    def listed(self, own: Iterable[int], traced: Mapping[int, list[Site]]) -> list[OpenObject]:
        """The most first. `own` are the addresses of what is ours, `traced` the sites that
        tracemalloc knows, by the place of the object in the walk's list."""
        ours = {address - before for address in own for before in range(MAX_BYTES_BEFORE + 1)}
        rows: dict[tuple[str, str], list[int]] = {}
        for number, one in enumerate(self._walk.open):
            path = OWN_PATH if one.block in ours else self._path(one.node)
            rows.setdefault((self._walk.types[one.type].name, path), []).append(number)
        return [
            OpenObject(
                type=kind,
                path=path,
                count=len(numbers),
                sites=_traced(numbers, traced) or self._sampled(numbers),
            )
            for (kind, path), numbers in sorted(rows.items(), key=lambda row: -len(row[1]))
        ]

    def _sampled(self, numbers: Sequence[int]) -> list[Site]:
        """Where the objects themselves were allocated, or what was made around them."""
        nodes = {self._walk.open[number].node for number in numbers}
        return self._owned.sites_at({above for node in nodes for above in self._around(node)})

    def _around(self, node: int) -> list[int]:
        """The node, and those above it that were made with it."""
        found = [node]
        while (node := self._walk.nodes[node].parent) != walk_file.NONE:
            kind = self._walk.nodes[node].type
            if kind == walk_file.NONE:
                break
            if self._walk.types[kind].name.partition(".")[0] not in WRAPPERS:
                break
            found.append(node)
        return found


def _traced(numbers: Sequence[int], known: Mapping[int, list[Site]]) -> list[Site]:
    """Of the last fifty, of which tracemalloc was asked."""
    totals = Counter(
        msgspec.structs.replace(site, size=0, count=0)
        for number in numbers[-50:]
        for site in known.get(number, [])
    )
    return [
        msgspec.structs.replace(site, size=count, count=count)
        for site, count in totals.most_common()
    ]
