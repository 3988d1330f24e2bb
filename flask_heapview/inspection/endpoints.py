"""The code behind the endpoints of an app."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping, Sequence

from ..text import clean
from .code_locations import EndpointCode, code_lines

_FUNCTION = types.FunctionType


def endpoint_codes(views: Mapping[str, object], own: str) -> list[EndpointCode]:
    """The lines of every view function, decorators looked through."""
    found = []
    for endpoint, view in views.items():
        if endpoint.startswith(f"{own}."):
            continue
        for function in _functions(view):
            first, last = code_lines(function.__code__)
            name = clean(endpoint)
            found.append(EndpointCode(name, function.__code__.co_filename, first, last))
    return found


def _functions(view: object) -> Sequence[types.FunctionType]:
    """The functions behind a view: wrapped ones, partials, and the methods of view classes."""
    found: list[types.FunctionType] = []
    for _ in range(20):
        if type(view) is functools.partial:
            view = view.func
        if type(view) is types.MethodType:
            view = view.__func__
        if type(view) is not _FUNCTION:
            break
        found.append(view)
        kind = view.__dict__.get("view_class")
        if isinstance(kind, type):
            return [f for f in vars(kind).values() if type(f) is _FUNCTION]
        view = view.__dict__.get("__wrapped__")
    # a wrapper of a library stands around many views: only the innermost is the view's own
    return found[-1:]
