"""What a route says it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

Scope = Literal["open", "view", "capture", "export", "values"]
SCOPE = "_heapview_scope"  # the attribute of a view function that names the scope it needs
OPEN = "open"  # the scope of what needs no identity: the login page and the static files
Handler = TypeVar("Handler", bound=Callable[..., Any])


def needs(scope: Scope) -> Callable[[Handler], Handler]:
    """Marks a route with the scope it needs; a route without a mark answers nobody."""
    assert scope in get_args(Scope)

    def mark(function: Handler) -> Handler:
        setattr(function, SCOPE, scope)
        return function

    return mark
