"""Weighted stacks for pprof: a gzipped protobuf message.

The message is perftools.profiles.Profile of google/pprof, proto/profile.proto. The names of its
sample types are those of Go's heap profiles, which pprof, Pyroscope and Parca know. The encoding is
that of protobuf's documentation (Encoding: base 128 varints, wire types 0 and 2).
"""

from __future__ import annotations

import calendar
import gzip
import time
from collections.abc import Iterable

from .weights import Weights, name_of

_SIXTY_FOUR_BITS = (1 << 64) - 1
_COUNT, _SPACE = ("inuse_objects", "count"), ("inuse_space", "bytes")
# the fields of the messages, by their numbers
_SAMPLE_TYPE, _SAMPLE, _MAPPING, _LOCATION, _FUNCTION, _STRING = 1, 2, 3, 4, 5, 6
_TIME, _DURATION, _PERIOD_TYPE, _PERIOD, _COMMENT, _DEFAULT_TYPE = 9, 10, 11, 12, 13, 14


def render(weights: Weights, version: str) -> bytes:
    """The whole file. `version` is ours. Equal weights give equal bytes."""
    return gzip.compress(_profile(weights, version), compresslevel=6, mtime=0)


class _Strings:
    """The string table: each string once, and the empty one first."""

    def __init__(self) -> None:
        self.numbers = {"": 0}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def encoded(self) -> bytes:
        return b"".join(_bytes(_STRING, text.encode()) for text in self.numbers)


def _profile(weights: Weights, version: str) -> bytes:
    strings = _Strings()
    count, space = (_pair(strings, *each) for each in (_COUNT, _SPACE))
    parts = [_bytes(_SAMPLE_TYPE, count), _bytes(_SAMPLE_TYPE, space), *_samples(weights)]
    # one mapping, whose names are known: nobody looks for symbols
    known = b"".join(_number(field, 1) for field in (7, 8, 9))
    parts.append(_bytes(_MAPPING, _number(1, 1) + _number(5, strings.number("python")) + known))
    parts += _places(weights, strings)
    parts += [
        _number(_TIME, _nanoseconds(weights.target.taken_at)),
        _number(_DURATION, _duration(weights)),
        _bytes(_PERIOD_TYPE, _pair(strings, "space", "bytes")),
        _number(_PERIOD, weights.period),
        _packed(_COMMENT, [strings.number(text) for text in _comments(weights, version)]),
        _number(_DEFAULT_TYPE, strings.number(_SPACE[0])),
    ]
    return b"".join(parts) + strings.encoded()


def _samples(weights: Weights) -> Iterable[bytes]:
    """Each node with figures, its leaf first. Locations are numbered as frames are, from 1."""
    for node, count, size in weights.rows():
        leaf_first = [number + 1 for number in reversed(weights.frames_of(node))]
        yield _bytes(_SAMPLE, _packed(1, leaf_first) + _packed(2, (count, size)))


def _places(weights: Weights, strings: _Strings) -> Iterable[bytes]:
    """A function for each name and file, and a location for each frame."""
    functions: dict[tuple[str, str], int] = {}
    for number, frame in enumerate(weights.stacks.frames, 1):
        key = (name_of(frame), frame.file)
        known = len(functions)
        function = functions.setdefault(key, known + 1)
        if function > known:
            name, file = (strings.number(text) for text in key)
            # without a system name: pprof would take "<module>" and "(dict)" for parts of C++ names
            yield _bytes(_FUNCTION, _number(1, function) + _number(2, name) + _number(4, file))
        line = _number(1, function) + _number(2, frame.line)
        yield _bytes(_LOCATION, _number(1, number) + _number(2, 1) + _bytes(4, line))


def _comments(weights: Weights, version: str) -> list[str]:
    base = [f"base {weights.base.id}"] if weights.base is not None else []
    return [
        f"flask-heapview {version}",
        f"view {weights.view}",
        f"worker {weights.target.worker}",
        *base,
        f"snapshot {weights.target.id}",
    ]


def _duration(weights: Weights) -> int:
    """Nanoseconds from one snapshot to the other."""
    if weights.base is None:
        return 0
    return round((weights.target.clock - weights.base.clock) * 1e9)


def _nanoseconds(taken_at: str) -> int:
    """A time of RFC 3339, in nanoseconds since 1970; 0 for what is none."""
    try:
        return calendar.timegm(time.strptime(taken_at, "%Y-%m-%dT%H:%M:%SZ")) * 1_000_000_000
    except ValueError:
        return 0


# --- protobuf


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first. A negative number is its two's complement."""
    left, made = value & _SIXTY_FOUR_BITS, bytearray()
    while left > 0x7F:
        made.append(left & 0x7F | 0x80)
        left >>= 7
    made.append(left)
    return bytes(made)


def _number(field: int, value: int) -> bytes:
    """A field of one integer. Zero is what is not there."""
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, data: bytes) -> bytes:
    """A field of a string or of a message."""
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _packed(field: int, values: Iterable[int]) -> bytes:
    """A repeated field of integers."""
    return _bytes(field, b"".join(map(_varint, values)))


def _pair(strings: _Strings, kind: str, unit: str) -> bytes:
    """A ValueType."""
    return _number(1, strings.number(kind)) + _number(2, strings.number(unit))
