"""Calls of another worker's API over its Unix socket: one call for each connection."""

from __future__ import annotations

import http.client
import io
import socket
import time
from pathlib import Path

from ..errors import Unreachable
from .address import short_path
from .base import Answer, Call

MAX_ANSWER_BYTES = 64_000_000
PIECE_BYTES = 1 << 16


def answers(path: Path) -> bool:
    """Whether somebody listens on the socket."""
    try:
        _connected(path, 1.0).close()
    except OSError:
        return False
    return True


def _connected(path: Path, seconds: float) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(seconds)
        with short_path(path) as address:
            made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


class Exchange:
    """One call, sent at once; its answer is waited for in `receive`."""

    def __init__(self, worker: str, path: Path, call: Call, seconds: float) -> None:
        """Raises Unreachable."""
        self._worker = worker
        self._until = time.monotonic() + seconds
        try:
            self._socket = _connected(path, seconds)
        except OSError as error:
            raise self._error(f"cannot be reached: {error.strerror or error}") from None
        head = (
            f"{call.method} {call.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n\r\n"
        )
        try:
            self._socket.sendall(head.encode("ascii", "replace") + call.body)
        except OSError as error:
            self._socket.close()
            raise self._error(f"hung up: {error.strerror or error}") from None

    def _error(self, what: str) -> Unreachable:
        return Unreachable(f"The worker {what}.", worker=self._worker)

    def receive(self) -> Answer:
        """Raises Unreachable."""
        try:
            with self._socket:
                return _parsed(self._read())
        except (TimeoutError, BlockingIOError):
            raise self._error("did not answer in time: it is busy or stuck") from None
        except (OSError, ValueError, http.client.HTTPException):
            raise self._error("ended before it had answered") from None

    def _read(self) -> bytes:
        """All of the answer. What came in time is read later, too: another worker may be stuck, and
        was waited for first."""
        data = bytearray()
        while True:
            self._socket.settimeout(max(self._until - time.monotonic(), 0.0))
            piece = self._socket.recv(PIECE_BYTES)
            if not piece:
                return bytes(data)
            data += piece
            if len(data) > MAX_ANSWER_BYTES:
                raise ValueError("too much")


def _parsed(data: bytes) -> Answer:
    """Raises ValueError or HTTPException."""
    file = io.BytesIO(data)
    first = file.readline().split(b" ", 2)
    if len(first) < 2:
        raise ValueError("no status")
    status = int(first[1])
    headers = {name.lower(): value for name, value in http.client.parse_headers(file).items()}
    body = file.read()
    if len(body) != int(headers.get("content-length", len(body))):
        raise ValueError("cut short")
    return Answer(status, headers, body)
