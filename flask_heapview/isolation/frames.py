"""What goes over a socket between a worker and the resident reader: a code, a length, the bytes."""

from __future__ import annotations

import socket
import struct

import msgspec

HEAD = struct.Struct("!BQ")
STAY, JOB = 0, 1  # codes of what is sent: "I live", and a question
ANSWER, REFUSED, BROKEN = 0, 3, 1  # codes of what comes back; those of a fresh interpreter
MAX_BYTES = 1 << 30  # a longer length is no length


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A module, and what it is asked."""

    module: str
    data: bytes


def packed(code: int, data: bytes = b"") -> bytes:
    """One frame."""
    return HEAD.pack(code, len(data)) + data


def unpacked(data: bytes | bytearray) -> tuple[int, bytes] | None:
    """The code and the bytes of a frame; None before all of it has come. Raises ValueError."""
    if len(data) < HEAD.size:
        return None
    code, length = HEAD.unpack_from(data)
    if length > MAX_BYTES:
        raise ValueError("not a frame")
    if len(data) < HEAD.size + length:
        return None
    return code, bytes(data[HEAD.size : HEAD.size + length])


def receive(link: socket.socket) -> tuple[int, bytes]:
    """The next frame. Raises TimeoutError, EOFError where it is cut short, OSError."""
    head = _exactly(link, HEAD.size)
    code, length = HEAD.unpack(head)
    if length > MAX_BYTES:
        raise EOFError
    return code, _exactly(link, length)


def _exactly(link: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        piece = link.recv(min(length - len(found), 1 << 20))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)
