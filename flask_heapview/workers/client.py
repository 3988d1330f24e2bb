"""Calls of another worker's API over its Unix socket: one call for each connection."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ..errors import Unreachable
from ..isolation.unix_address import short_path
from .base import Answer, Call

MAX_ANSWER_BYTES = 64_000_000
MAX_HEAD_BYTES = 1 << 16
PIECE_BYTES = 1 << 16
LAST_LOOK_SECONDS, MAX_LATE_SECONDS = 0.01, 2.0


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

    def __init__(self, path: Path, call: Call, seconds: float) -> None:
        """Raises Unreachable."""
        self._worker = path.stem.removeprefix("worker-")
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

    def fileno(self) -> int:
        """For `select`: readable when the answer begins to come."""
        return self._socket.fileno()

    def close(self) -> None:
        """Gives up the call; nobody waits for its answer."""
        self._socket.close()

    def receive(self) -> Answer:
        """Raises Unreachable."""
        return self._answer(None)

    def save(self, file: BinaryIO) -> Answer:
        """The answer without its body, which goes into the file piece by piece as it comes. The
        body of an error stays in the answer. Raises Unreachable, and OSError for the file.
        """
        return self._answer(file)

    def _answer(self, file: BinaryIO | None) -> Answer:
        try:
            with self._socket:
                return self._parse(file)
        except TimeoutError:
            raise self._error("did not answer in time: it is busy or stuck") from None
        except (ValueError, IndexError, http.client.HTTPException):
            raise self._error("ended before it had answered") from None

    def _parse(self, file: BinaryIO | None) -> Answer:
        """Raises Unreachable, TimeoutError, what a wrong answer is, and OSError for the file."""
        pieces, head = self._pieces(), b""
        while b"\r\n\r\n" not in head and len(head) <= MAX_HEAD_BYTES:
            piece = next(pieces, b"")
            head += piece
            if not piece:
                break
        head, _, begun = head.partition(b"\r\n\r\n")
        lines = io.BytesIO(head + b"\r\n\r\n")
        status = int(lines.readline().split(b" ", 2)[1])
        parsed = http.client.parse_headers(lines)
        headers = {name.lower(): value for name, value in parsed.items()}
        kept, length = bytearray(), 0
        for piece in chain((begun,), pieces):
            length += len(piece)
            if file is not None and status < 400:
                file.write(piece)
            elif length > MAX_ANSWER_BYTES:
                raise ValueError("too much")
            else:
                kept += piece
        if length != int(headers.get("content-length", length)):
            raise ValueError("cut short")
        return Answer(status, headers, bytes(kept))

    def _pieces(self) -> Iterator[bytes]:
        """What comes, until the other end hangs up. Raises Unreachable or TimeoutError."""
        while True:
            left = self._until - time.monotonic()
            if left <= -MAX_LATE_SECONDS:
                raise TimeoutError
            # whoever waited for another one first still finds what has come meanwhile
            self._socket.settimeout(max(left, LAST_LOOK_SECONDS))
            try:
                piece = self._socket.recv(PIECE_BYTES)
            except TimeoutError:
                raise
            except OSError:
                raise self._error("ended before it had answered") from None
            if not piece:
                return
            yield piece
