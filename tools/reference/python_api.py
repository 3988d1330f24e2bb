"""docs/reference-python.md: the public names, with what their docstrings say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import flask_heapview
from flask_heapview import errors
from flask_heapview.leakcheck import pytest_plugin

from .markdown import code, doc, first_paragraph, page, table

ABOUT = """`from flask_heapview import …` has these names, and no other. All else in the package
may change with any release."""
FIXTURE = """## The pytest fixture

pytest finds it by the package's entry point, so there is nothing to import. It is a fixture
`assert_no_leak`, which is called with the requests:"""
ERRORS = """## Errors

All are in `flask_heapview.errors`. `detail` is a sentence that says what to do. `figures` has its
figures by name. The API answers with `status`, `title`, `detail` and these figures, as
`application/problem+json` (RFC 9457)."""


def _signature(name: str, function: Callable[..., Any]) -> str:
    shown = list[str]()
    starred = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            shown, starred = [*shown, "*"], True
        star = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        default = parameter.default
        given = "" if default is parameter.empty else f" = {default!r}"
        shown.append(f"{star}{parameter.name}: {parameter.annotation}{given}")
    lines = "".join(f"    {one},\n" for one in shown)
    return f"```python\n{name}(\n{lines})\n```"


def _class(kind: type) -> list[str]:
    parts = [f"## {kind.__name__}", _signature(kind.__name__, kind.__init__), doc(kind)]  # type: ignore[misc]
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.isfunction(member):
            parts += [_signature(f"{kind.__name__}.{name}", member), doc(member)]
    return parts


def _function(function: Callable[..., Any]) -> list[str]:
    name = function.__name__
    return [f"## {name}", _signature(name, function), doc(function)]


def error_classes() -> list[type[errors.HeapViewError]]:
    """All of them, by status."""
    found = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.HeapViewError)
    ]
    return sorted(found, key=lambda kind: (kind.status, kind.__name__))


def render() -> str:
    """The page."""
    parts: list[str] = []
    for name in sorted(flask_heapview.__all__, key=lambda name: (name.startswith("_"), name)):
        value = getattr(flask_heapview, name)
        if inspect.isclass(value):
            parts += _class(value)
        elif callable(value):
            parts += _function(value)
        else:
            parts += [f"## {name}", "The version, as text."]
    call = pytest_plugin.AssertNoLeak.__call__
    rows = [
        (code(kind.__name__), str(kind.status), kind.title, first_paragraph(kind))
        for kind in error_classes()
    ]
    return page(
        "The Python API",
        ABOUT,
        *parts,
        FIXTURE,
        _signature("assert_no_leak", call),
        doc(call),
        ERRORS,
        table(("error", "status", "title", "meaning"), rows),
    )
