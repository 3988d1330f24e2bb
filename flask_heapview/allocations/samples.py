"""Reads what the sampler knows; its writer is csrc/sampler/sampler_dump.c.

Estimates are those of Horvitz and Thompson (1952): a block that was sampled with chance p stands
for 1 / p blocks, and adds (1 - p) / p² of its squared size to the variance.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from ..core.loader import core
from ..inspection.roots import app_file
from ..request_context import OWN
from ..text import clean

is_app = lru_cache(maxsize=4096)(app_file)
NONE = 0xFFFF_FFFF
_DOUBTFUL = 1 << 31
ENDPOINT, THREAD = "endpoint ", "thread "
NO_ENDPOINT = "(no endpoint)"  # what threads outside of requests allocate, and imports
OURS = str(Path(__file__).parents[1]) + "/"
PASSED = OURS + "web/pipeline.py"  # a request passes it in C or in Python
_HEAD = struct.Struct("=IdddQQQQQQI")
_LIVE = struct.Struct("=QdIIIIIIII")
_THREE = struct.Struct("=III")
_TAGS = ("", ENDPOINT, THREAD)  # by their kind: TAG_OTHER, TAG_ENDPOINT, TAG_THREAD of the core


Place = tuple[str, str, int]  # file, function, line
Tag = tuple[str, int]  # its name, and the requests that have begun under it


class SampledTraceback(msgspec.Struct):
    """One traceback under one tag, the innermost place first."""

    tag: str
    places: list[Place]
    blocks: float  # ever allocated, estimated
    bytes: float
    ours: bool  # allocated by the page itself
    requests: int  # that have begun under that tag


class LiveSample(msgspec.Struct):
    """One sampled block that is alive."""

    size: int
    rate: float
    entry: int
    held: int  # who holds it: see node and doubtful
    type: int  # of the object in it, in the walk's list; NONE where that was not recognised
    # its birth: when so many requests had begun, so many of its tag, so many seconds after sampling
    request: int
    own_request: int
    second: int
    # outside of requests: tags of the requests that its thread served before and after; 0 for none
    last: int
    next: int

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

    @property
    def bytes(self) -> float:
        """Of all blocks that it stands for."""
        return self.size / self.chance


class Samples(msgspec.Struct):
    """All that the sampler knows."""

    frames: int
    sample_bytes: float
    seen: float
    dropped: int
    since: float  # seconds
    requests: int  # that have begun
    overhead: int
    tags: list[Tag]
    entries: list[SampledTraceback]
    live: list[LiveSample]

    def of_service(self) -> list[LiveSample]:
        """What is alive, without what the page itself allocated."""
        return [live for live in self.live if not self.entries[live.entry].ours]


class DumpReader:
    """Reads what a sampler has written, from a place on. Raises struct.error or IndexError for what
    is cut short or damaged. `errors` are those of decoding names."""

    def __init__(self, data: bytes, at: int = 0, errors: str = "surrogatepass") -> None:
        self.data, self.at, self._errors = data, at, errors

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
        return clean(self._bytes(self.number()).decode("utf-8", self._errors))

    def places_and_tags(self) -> tuple[list[Place], list[Tag]]:
        """The lines of code, and the tags with the requests that have begun under them."""
        names = [self.text() for _ in range(self.number())]
        places = [(names[f], names[n], line) for f, n, line in self.rows(_THREE)]
        return places, [(_TAGS[kind] + names[n], count) for kind, n, count in self.rows(_THREE)]

    def _bytes(self, length: int) -> bytes:
        begin, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise struct.error("the dump is cut short")
        return self.data[begin : self.at]


def _traceback(reader: DumpReader, places: list[Place], tags: list[Tag]) -> SampledTraceback:
    blocks, size, number, depth = reader.row("ddII")
    stack = [places[n] for n in reader.row(f"{depth}I")]
    tag, requests = tags[number]
    ours = is_ours(tag, stack)
    return SampledTraceback(tag, stack if ours else of_the_app(stack), blocks, size, ours, requests)


def of_the_app(stack: list[Place]) -> list[Place]:
    """Without our functions that a request of the app passes, or not."""
    return [place for place in stack if place[0] != PASSED] or stack


def is_ours(tag: str, stack: Iterable[Place]) -> bool:
    """Whether it was this package that asked, and not the app that it had called."""
    if tag == ENDPOINT + OWN:
        return True
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
    reader = DumpReader(data, at)
    if not reader.number():
        return None
    head = _HEAD.unpack_from(data, reader.at)
    frames, _, rate, seen, _, dropped, _, began, overhead, now, requests = head
    reader.at += _HEAD.size
    places, tags = reader.places_and_tags()
    entries = [_traceback(reader, places, tags) for _ in range(reader.number())]
    return Samples(
        frames=frames,
        sample_bytes=rate,
        seen=seen,
        dropped=dropped,
        since=(now - began) / 1e9,
        requests=requests,
        overhead=overhead,
        tags=tags,
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
