"""Names for requests where one endpoint serves many sorts: Dash, GraphQL, JSON-RPC.

`HEAPVIEW_REQUEST_NAME` takes one of these functions, or its word in READY, or a callable of your
own: it gets the request, and returns a short name or None.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable
from typing import IO, Any

import msgspec
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_content_length

MAX_BODY_BYTES = 64 * 1024  # a larger body is not read for its name
MAX_NAME_CHARACTERS = 80
MAX_RAW_CHARACTERS = 4096  # of a Dash callback's id, which names each of its outputs
BATCH = "(batch)"  # several sorts at once
DASH_PATH = "/_dash-update-component"
_DIGEST = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")  # GraphQL, October 2021, 2.1.9
_OPERATION = re.compile(
    r"(?:[\s,\ufeff]|#[^\n]*\n)*(?:query|mutation|subscription)\s+([_A-Za-z][_0-9A-Za-z]*)"
)
_METHOD = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$/-]*")


class _DashCallback(msgspec.Struct):
    output: str


class _GraphQLRequest(msgspec.Struct, rename="camel"):
    query: str | None = None
    operation_name: str | None = None


class _RpcCall(msgspec.Struct):
    jsonrpc: str
    method: str


def small_body(req: Request) -> bytes | None:
    """A body with a known length of MAX_BODY_BYTES or less; None for any other.

    The app can still read it as it likes, `request.stream` and `wsgi.input` included.
    """
    declared = get_content_length(req.environ)
    # a stream that is there already belongs to whoever has made it
    if not declared or declared > MAX_BODY_BYTES or "stream" in vars(req):
        return None
    data = _read(req.environ["wsgi.input"], declared)
    req.environ["wsgi.input"] = io.BytesIO(data)
    return data if len(data) == declared else None


def _read(stream: IO[bytes], length: int) -> bytes:
    """So many bytes, or fewer where the client has gone."""
    data = b""
    while len(data) < length:
        try:
            piece = stream.read(length - len(data))
        except OSError:
            break
        if not piece:
            break
        data += piece
    return data


def _small_json(req: Request, kind: Any) -> Any:
    """The body as that type; None where it is none."""
    data = small_body(req) if req.is_json else None
    try:
        return msgspec.json.decode(data, type=kind) if data else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _common(names: Iterable[str | None]) -> str | None:
    """The name of a batch: that of its requests, if they have the same."""
    found = set(names)
    return found.pop() if len(found) == 1 else BATCH if found else None


def dash(req: Request) -> str | None:
    """By the id of a Dash callback: its outputs, as the app declared them."""
    if not req.path.endswith(DASH_PATH):
        return None
    found: _DashCallback | None = _small_json(req, _DashCallback)
    if found is None or len(found.output) > MAX_RAW_CHARACTERS:
        return None
    outputs = found.output
    if outputs.startswith("..") and outputs.endswith(".."):  # several
        outputs = outputs[2:-2].replace("...", ", ")
    outputs = _DIGEST.sub(r"\1", outputs)
    if len(outputs) <= MAX_NAME_CHARACTERS:
        return outputs
    mark = hashlib.sha256(outputs.encode(errors="replace")).hexdigest()[:8]
    return f"{outputs[: MAX_NAME_CHARACTERS - 10]}… {mark}"


def graphql(req: Request) -> str | None:
    """By the operation's name: `operationName`, or what stands in the query."""
    if req.method == "GET":
        args = req.args
        return _operation(_GraphQLRequest(args.get("query"), args.get("operationName")))
    if req.mimetype == "application/graphql":
        data = small_body(req) or b""
        return _operation(_GraphQLRequest(data.decode(errors="replace")))
    found = _small_json(req, _GraphQLRequest | list[_GraphQLRequest])
    return _common(map(_operation, found if isinstance(found, list) else [found] if found else []))


def _operation(asked: _GraphQLRequest) -> str | None:
    if asked.operation_name:
        return _short(asked.operation_name, _GRAPHQL_NAME)
    match = _OPERATION.match(asked.query or "")
    return _short(match[1], _GRAPHQL_NAME) if match else None


def json_rpc(req: Request) -> str | None:
    """By the method of a JSON-RPC 2.0 call."""
    if req.method != "POST":
        return None
    found = _small_json(req, _RpcCall | list[_RpcCall])
    calls = found if isinstance(found, list) else [found] if found else []
    return _common(_short(call.method, _METHOD) for call in calls)


def _short(name: str, form: re.Pattern[str]) -> str | None:
    """The name, if it has that form: what else a client sends is none."""
    return name if len(name) <= MAX_NAME_CHARACTERS and form.fullmatch(name) else None


READY: dict[str, Callable[[Request], str | None]] = {
    "dash": dash,
    "graphql": graphql,
    "json-rpc": json_rpc,
}
