"""Reads what the sampler of native memory knows; its writer is csrc/native/dump.c."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from .samples import NONE, DumpReader, LiveSample, Place, is_ours, of_the_app

_HEAD = "ddQQQQQQI"
_LIVE = struct.Struct("=QQdIIII")


class NativeCall(msgspec.Struct, frozen=True):
    """One return address of a stack of C."""

    path: str = ""  # of the library; empty where it is no longer loaded
    offset: int = 0  # bytes from its begin
    symbol: str = ""  # as it is in the file; empty where it has none there


class NativeTraceback(msgspec.Struct):
    """A stack of C, and the lines of Python that led to it, each the innermost first."""

    tag: str
    requests: int  # that have begun under that tag
    calls: list[NativeCall]
    places: list[Place]
    blocks: float  # ever allocated, estimated
    bytes: float

    @property
    def ours(self) -> bool:
        """Whether the page itself allocated it."""
        return is_ours(self.tag, self.places)


class NativeSample(msgspec.Struct):
    """One sampled block or mapping that is alive."""

    traceback: int
    left: int  # bytes: fewer than the block's size where part of a mapping was given back
    block: LiveSample

    @property
    def bytes(self) -> float:
        """Of all blocks that it stands for."""
        return self.left / self.block.chance


class NativeSamples(msgspec.Struct):
    """All that the sampler knows."""

    sample_bytes: float
    taken: int
    dropped: int
    since: float  # seconds
    requests: int  # that have begun
    overhead: int
    live: list[NativeSample]
    tracebacks: list[NativeTraceback]


def parse_native(data: bytes) -> NativeSamples:
    """Reads a dump. Raises struct.error or IndexError for what is cut short or damaged."""
    reader = DumpReader(data, errors="replace")  # names of files and functions, as C has them
    _, rate, taken, dropped, _, began, now, overhead, requests = reader.row(_HEAD)
    places, tags = reader.places_and_tags()
    live = [_sample(*row) for row in reader.rows(_LIVE)]
    rows = [_traceback_row(reader) for _ in range(reader.number())]
    calls = _calls(reader)
    return NativeSamples(
        sample_bytes=rate,
        taken=taken,
        dropped=dropped,
        since=(now - began) / 1e9,
        requests=requests,
        overhead=overhead,
        live=live,
        tracebacks=[
            NativeTraceback(
                tag=tags[tag][0],
                requests=tags[tag][1],
                calls=[calls.get(address, NativeCall()) for address in addresses],
                places=of_the_app([places[n] for n in frames]),
                blocks=blocks,
                bytes=size,
            )
            for blocks, size, tag, addresses, frames in rows
        ],
    )


def _calls(reader: DumpReader) -> dict[int, NativeCall]:
    found = {}
    for _ in range(reader.number()):
        address, offset = reader.row("QQ")
        found[address] = NativeCall(path=reader.text(), offset=offset, symbol=reader.text())
    return found


def _sample(
    size: int, left: int, rate: float, entry: int, request: int, own_request: int, second: int
) -> NativeSample:
    block = LiveSample(size, rate, entry, NONE, NONE, request, own_request, second, 0, 0)
    return NativeSample(traceback=entry, left=left, block=block)


def _traceback_row(
    reader: DumpReader,
) -> tuple[float, float, int, Sequence[int], Sequence[int]]:
    blocks, size, tag, calls, frames = reader.row("ddIII")
    return blocks, size, tag, reader.row(f"{calls}Q"), reader.row(f"{frames}I")
