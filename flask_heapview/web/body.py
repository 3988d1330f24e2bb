"""What a caller sent, of which the worker never holds more than a little."""

from __future__ import annotations

import io
from typing import IO

from flask import Request
from werkzeug.wsgi import get_content_length, get_input_stream

from ..errors import BadRequest

MAX_BODY_BYTES = 64 * 1024


def bound_body(req: Request) -> None:
    """Before anything of it is read: a larger body is refused. Raises BadRequest.

    A chunked body does not say its length. It is read as far as the limit, and put in its place.
    """
    if "stream" in vars(req):  # the app itself has begun to read it
        return
    environ = req.environ
    declared = get_content_length(environ)
    if declared is None and environ.get("wsgi.input_terminated"):
        data = _read(get_input_stream(environ))
        environ["wsgi.input"] = io.BytesIO(data)
        environ["CONTENT_LENGTH"] = str(len(data))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        declared = len(data)
    if (declared or 0) > MAX_BODY_BYTES:
        raise BadRequest(f"The body is larger than {MAX_BODY_BYTES} bytes.")


def _read(stream: IO[bytes]) -> bytes:
    """At most one byte more than the limit."""
    data = b""
    while len(data) <= MAX_BODY_BYTES:
        piece = stream.read(MAX_BODY_BYTES + 1 - len(data))
        if not piece:
            break
        data += piece
    return data
