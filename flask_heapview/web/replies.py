"""How a route of the API answers."""

from __future__ import annotations

from typing import Any

from flask import Response

from ..render import json as as_json


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The value as JSON."""
    return Response(as_json.encode(value), status, headers, mimetype="application/json")


def attached(name: str) -> dict[str, str]:
    """The header by which a browser keeps the answer as a file of that name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def passed_on(data: bytes, headers: dict[str, str] | None = None) -> Response:
    """JSON that another process has made."""
    return Response(data, 200, headers, mimetype="application/json")
