"""How a route of the API says what it needs, and how it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

from flask import Response

from ..render import json as as_json
from .guard import SCOPE

Scope = Literal["open", "view", "capture", "export", "values"]
Handler = TypeVar("Handler", bound=Callable[..., Any])


def needs(scope: Scope) -> Callable[[Handler], Handler]:
    """Marks a route with the scope it needs; a route without a mark answers nobody."""
    assert scope in get_args(Scope)

    def mark(function: Handler) -> Handler:
        setattr(function, SCOPE, scope)
        return function

    return mark


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The value as JSON."""
    return Response(as_json.encode(value), status, headers, mimetype="application/json")


def attached(name: str) -> dict[str, str]:
    """The header by which a browser keeps the answer as a file of that name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def passed_on(data: bytes, headers: dict[str, str] | None = None) -> Response:
    """JSON that another process has made."""
    return Response(data, 200, headers, mimetype="application/json")
