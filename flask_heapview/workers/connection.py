"""One connection to this worker's socket: an HTTP request is read, and its answer written.

Descriptors are read and written directly: in a gevent process the ones of `socket` wait for an
event loop that the listening thread does not have.
"""

from __future__ import annotations

import _socket
import http.client
import io
import os
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from .base import Outgoing

MAX_LINE_BYTES = 8192
MAX_BODY_BYTES = 1 << 20
MAX_WAIT_SECONDS = 10
LOCAL = "flask_heapview.local"  # in the environ of a request that came over the socket
Serve = Callable[[dict[str, Any]], Outgoing]


def serve(fd: int, answer: Serve) -> None:
    """Reads one request, and writes its answer; closes the descriptor. Raises nothing."""
    _limit_waiting(fd)
    try:
        with open(fd, "rb", buffering=MAX_LINE_BYTES) as reader:
            try:
                environ = _read(reader)
            except (ValueError, http.client.HTTPException):
                made = Outgoing("400 BAD REQUEST", [("Content-Type", "text/plain")], [b"not HTTP"])
            else:
                made = answer(environ)
            _write(fd, made)
    except (OSError, TypeError):  # the other end has gone, or says nothing
        pass


def _limit_waiting(fd: int) -> None:
    peer = _socket.socket(fileno=fd)
    try:
        wait = struct.pack("ll", MAX_WAIT_SECONDS, 0)
        peer.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, wait)
        peer.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, wait)
    finally:
        peer.detach()


def _read(reader: BinaryIO) -> dict[str, Any]:
    """The environ of the request. Raises ValueError, HTTPException or OSError."""
    line = reader.readline(MAX_LINE_BYTES).decode("latin-1")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    headers = http.client.parse_headers(reader)
    length = int(headers.get("Content-Length") or 0)
    body = reader.read(length) if 0 <= length <= MAX_BODY_BYTES else b""
    if not path.startswith("/") or not method.isalpha() or len(body) < min(length, MAX_BODY_BYTES):
        raise ValueError("not a request")
    return {
        LOCAL: True,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_ACCEPT": headers.get("Accept", ""),
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "socket",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _write(fd: int, made: Outgoing) -> None:
    headers = [*made.headers, ("Connection", "close")]
    lines = [f"HTTP/1.1 {made.status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    _write_all(fd, "\r\n".join(lines).encode("latin-1", "replace"))
    for piece in made.body:
        _write_all(fd, piece)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
