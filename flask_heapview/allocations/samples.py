"""Reads what the sampler knows; its writer is csrc/sampler/sampler_dump.c.

Estimates are those of Horvitz and Thompson (1952): a block that was sampled with chance p stands
for 1 / p blocks, and adds (1 - p) / p² of its squared size to the variance.
"""

from __future__ import annotations

import math
import struct
import time
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from ..core.loader import core
from ..inspection.roots import app_file
from ..model.allocations import Allocations
from ..model.ownership import Site
from ..model.stacks import Frame, Stacks, StacksBuilder
from ..request_context import OWN
from ..text import clean

is_app = lru_cache(maxsize=4096)(app_file)
NONE = 0xFFFF_FFFF
_DOUBTFUL = 1 << 31
ENDPOINT, THREAD = "endpoint ", "thread "
OTHER = "(other)"
NO_ENDPOINT = "(no endpoint)"  # what threads outside of requests allocate, and imports
OURS = str(Path(__file__).parents[1]) + "/"
_HEAD = struct.Struct("=IdddQQQQQ")
_LIVE = struct.Struct("=QdII")
_TAGS = ("", ENDPOINT, THREAD)  # by their kind: TAG_OTHER, TAG_ENDPOINT, TAG_THREAD of the core


class SampledTraceback(msgspec.Struct):
    """One traceback under one tag, the innermost place first."""

    tag: str
    places: list[tuple[str, str, int]]  # file, function, line
    blocks: float  # ever allocated, estimated
    bytes: float
    ours: bool  # allocated by the page itself


class LiveSample(msgspec.Struct):
    """One sampled block that is alive."""

    size: int
    rate: float
    entry: int
    held: int  # who holds it: see node and doubtful

    @property
    def node(self) -> int:
        """Of the ownership tree; NONE where nobody is known to hold it."""
        return self.held if self.held == NONE else self.held & ~_DOUBTFUL

    @property
    def doubtful(self) -> bool:
        """Whether CPython may have used the block again, so that its traceback is another's."""
        return self.held != NONE and bool(self.held & _DOUBTFUL)

    @property
    def chance(self) -> float:
        """That a block of its size was taken."""
        return -math.expm1(-self.size / self.rate)


class Samples(msgspec.Struct):
    """All that the sampler knows."""

    frames: int
    sample_bytes: float
    seen: float
    dropped: int
    since: float  # seconds
    overhead: int
    entries: list[SampledTraceback]
    live: list[LiveSample]


class _DumpReader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def number(self) -> int:
        return self.row("I")[0]

    def row(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from("=" + form, self.data, self.at)
        self.at += struct.calcsize("=" + form)
        return found

    def rows(self, form: struct.Struct) -> list[tuple[int, ...]]:
        count = self.number()
        return list(form.iter_unpack(self._bytes(count * form.size)))

    def text(self) -> str:
        return clean(self._bytes(self.number()).decode("utf-8", "surrogatepass"))

    def _bytes(self, length: int) -> bytes:
        begin, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise struct.error("the dump is cut short")
        return self.data[begin : self.at]

    def entry(self, tags: list[str], places: list[tuple[str, str, int]]) -> SampledTraceback:
        blocks, size, tag, depth = self.row("ddII")
        stack = [places[n] for n in self.row(f"{depth}I")]
        return SampledTraceback(
            tags[tag], stack, blocks, size, tags[tag] == ENDPOINT + OWN or _is_ours(stack)
        )


def _is_ours(stack: Iterable[tuple[str, str, int]]) -> bool:
    """Whether it was this package that asked, and not the app that it had called."""
    for file, _, _ in stack:
        if file.startswith(OURS):
            return True
        if is_app(file):
            return False
    return False


def parse_dump(data: bytes, at: int = 0) -> Samples | None:
    """Reads a dump: see SAMP in docs/walk-file.md. None where nothing was sampled.

    Raises struct.error or IndexError for what is cut short or damaged.
    """
    reader = _DumpReader(data, at)
    if not reader.number():
        return None
    frames, _, rate, seen, _, dropped, _, began, overhead = _HEAD.unpack_from(data, reader.at)
    reader.at += _HEAD.size
    names = [reader.text() for _ in range(reader.number())]
    places = [(names[f], names[n], line) for f, n, line in reader.rows(struct.Struct("=III"))]
    tags = [_TAGS[kind] + names[n] for kind, n in reader.rows(struct.Struct("=II"))]
    entries = [reader.entry(tags, places) for _ in range(reader.number())]
    return Samples(
        frames=frames,
        sample_bytes=rate,
        seen=seen,
        dropped=dropped,
        since=time.monotonic() - began / 1e9,
        overhead=overhead,
        entries=entries,
        live=[LiveSample(*row) for row in reader.rows(_LIVE)],
    )


def live_bytes() -> dict[str, int] | None:
    """Estimated bytes alive by endpoint, at once; what no request allocated is under NO_ENDPOINT.

    None while nothing is sampled. What the page itself allocated is left out.
    """
    found = core.sampling_live() if core is not None else None
    if found is None:
        return None
    named = {
        clean(name.decode("utf-8", "surrogatepass")) or NO_ENDPOINT: round(size)
        for name, size in found.items()
    }
    named.pop(OWN, None)
    return named


class _Sums(msgspec.Struct):
    """What the samples of one traceback add up to."""

    count: float = 0.0
    size: float = 0.0
    variance: float = 0.0
    largest: float = 0.0

    def add(self, live: LiveSample) -> None:
        chance = live.chance
        weight, rest = 1 / chance, 1 - chance
        self.count += weight
        self.size += weight * live.size
        self.variance += rest * (weight * live.size) ** 2
        self.largest = max(self.largest, rest * weight * live.size)


def allocations(found: Samples) -> Allocations:
    """The estimates by traceback."""
    sums = [_Sums() for _ in found.entries]
    for live in found.live:
        sums[live.entry].add(live)
    builder = StacksBuilder()
    columns: dict[int, list[float]] = {}
    for entry, total in zip(found.entries, sums, strict=True):
        if entry.ours or not (entry.blocks or total.count):
            continue
        node = builder.add(stack_of(entry), round(total.count), round(total.size))
        row = columns.setdefault(node, [0.0, 0.0, 0.0])
        row[0] += total.variance
        row[1] = max(row[1], total.largest)
        row[2] += entry.bytes
    stacks = builder.build()
    rows = [columns.get(node, (0.0, 0.0, 0.0)) for node in range(len(stacks))]
    own = [live for live in found.live if not found.entries[live.entry].ours]
    return Allocations(
        mode="sampled",
        frames=found.frames,
        traced=sum(stacks.size),
        overhead=found.overhead,
        stacks=stacks,
        app_frames=app_frames(stacks),
        variance=[round(row[0]) for row in rows],
        largest=[round(row[1]) for row in rows],
        allocated=[round(row[2]) for row in rows],
        sample_bytes=round(found.sample_bytes),
        samples=len(own),
        since=round(found.since, 1),
        seen=round(found.seen),
        dropped=found.dropped,
    )


def app_frames(stacks: Stacks) -> list[int]:
    """Those of the stacks' frames that are the app's own code."""
    return [n for n, frame in enumerate(stacks.frames) if frame.file and is_app(frame.file)]


def stack_of(entry: SampledTraceback) -> list[Frame]:
    """Root first: the tag, then the outermost place."""
    return [
        Frame(entry.tag or OTHER),
        *(Frame(n, "", f, line) for f, n, line in entry.places[::-1]),
    ]


class SampledSites:
    """Adds up the sites of samples: the innermost place of the app's own, else the innermost."""

    def __init__(self, found: Samples) -> None:
        self.found = found
        self._sites = [_site(entry) for entry in found.entries]

    def sites(self, samples: Iterable[LiveSample], limit: int = 8) -> list[Site]:
        """The largest sites, by bytes; of doubtful samples only where there are no others."""
        samples = list(samples)
        sure = [live for live in samples if not live.doubtful]
        sizes: Counter[Site] = Counter()
        counts: Counter[Site] = Counter()
        for live in sure or samples:
            site = self._sites[live.entry]
            if site is not None:
                sizes[site] += round(live.size / live.chance)
                counts[site] += round(1 / live.chance)
        return [
            msgspec.structs.replace(site, size=size, count=counts[site])
            for site, size in sizes.most_common(limit)
        ]


def _site(entry: SampledTraceback) -> Site | None:
    if entry.ours or not entry.places:
        return None
    at = next((n for n, place in enumerate(entry.places) if is_app(place[0])), 0)
    file, name, line = entry.places[at]
    for other, outer, _ in entry.places[at:]:
        if other == file and not outer.startswith("<"):  # the function that a comprehension is in
            name = outer
            break
    endpoint = entry.tag.removeprefix(ENDPOINT) if entry.tag.startswith(ENDPOINT) else None
    return Site(file=file, line=line, function=name, size=0, endpoint=endpoint)
