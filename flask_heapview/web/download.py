"""A stored snapshot as a file, to be opened on another machine by `flask-heapview open`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from flask import Response, request

from ..errors import Forbidden
from ..text import clean
from .guard import ask, may, service
from .newest import snapshot_named
from .replies import attached

PIECE_BYTES = 1 << 16  # of the file that the worker holds at a time


def download(snapshot_id: str) -> Response:
    """The file of a snapshot, as it is stored."""
    snapshot_id = snapshot_named(snapshot_id)
    file = service().store.stored(snapshot_id)
    try:
        if not may("values") and ask("has_values", target=snapshot_id) == b"true":
            raise Forbidden(
                "This snapshot was taken with HEAPVIEW_SHOW_VALUES, so its file has keys. To "
                "download it needs the scope 'values', which HEAPVIEW_SHOW_VALUES gives."
            )
    except BaseException:
        file.close()
        raise
    return as_attachment(
        file, f"heapview-{clean(snapshot_id)}.snapshot", "application/octet-stream"
    )


def as_attachment(file: BinaryIO, name: str, mimetype: str) -> Response:
    """A file in pieces, under that name. It is closed when all of it is sent."""
    headers = {
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        **attached(name),
    }
    if request.method == "HEAD":
        file.close()
        return Response(None, 200, headers, mimetype=mimetype)
    return Response(_pieces(file), 200, headers, mimetype=mimetype)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
