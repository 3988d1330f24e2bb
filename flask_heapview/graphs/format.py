"""The format: an uncompressed zip of .npy arrays, JSON beside them; see docs/graph.md.

Zip: APPNOTE.TXT 6.3.10 (PKWARE), with the 64-bit extensions throughout. Npy: version 1.0 of the
format that numpy's documentation describes (numpy.lib.format). Every array begins at a multiple of
64 bytes, so that it can be mapped as it lies.
"""

from __future__ import annotations

import struct

SCHEMA = "flask-heapview/graph/1"
EDGE = "[('target', '<u4'), ('label', '<u4')]"
CORE = (  # what the core writes, in its order: name, element, bytes of one
    ("address", "'<u8'", 8),
    ("type", "'<u4'", 4),
    ("size", "'<u4'", 4),
    ("refcount", "'<u4'", 4),
    ("first", "'<u8'", 8),
    ("edge", EDGE, 8),
)
ANSWERS = (  # what the analysis adds
    ("dominator", "'<u4'", 4),
    ("retained", "'<u8'", 8),
    ("toward_root", "'<u4'", 4),
    ("component", "'<u4'", 4),
)
HEADER_BYTES = 128  # bytes of an array's own header
NONE = 0xFFFF_FFFF
_DATE = 0x5CD6  # 2026-06-22; the time is zero
_ALIGN = 0xD935  # the extra field by which Android's zipalign moves data


def array_header(element: str, count: int) -> bytes:
    """What stands before an array's data."""
    words = f"{{'descr': {element}, 'fortran_order': False, 'shape': ({count},), }}"
    return (
        b"\x93NUMPY\x01\x00"
        + struct.pack("<H", HEADER_BYTES - 10)
        + words.ljust(117).encode()
        + b"\n"
    )


def local_header(name: str, crc: int, length: int, room: int) -> bytes:
    """A member's header that fills `room` bytes, padding included."""
    sizes = struct.pack("<HHQQ", 1, 16, length, length)
    padding = room - 30 - len(name) - len(sizes) - 4
    extra = sizes + struct.pack("<HH", _ALIGN, padding) + bytes(padding)
    fixed = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, _DATE, crc, NONE, NONE, len(name), len(extra)
    )
    return fixed + name.encode() + extra


def central_header(name: str, crc: int, length: int, offset: int) -> bytes:
    """A member's entry in the directory at the end."""
    extra = struct.pack("<HHQQQ", 1, 24, length, length, offset)
    return (
        struct.pack(
            "<IHHHHHHIIIHHHHHII",
            *(0x02014B50, 45, 45, 0, 0, 0, _DATE, crc, NONE, NONE),
            *(len(name), len(extra), 0, 0, 0, 0o600 << 16, NONE),
        )
        + name.encode()
        + extra
    )


def directory_end(count: int, offset: int, length: int) -> bytes:
    """What closes the file."""
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<IIQI", 0x07064B50, 0, offset + length, 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, NONE, NONE, 0)
    return end64 + locator + end
