"""What nearly every request needs of the pipeline, in the native core where it is there."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from flask import Flask, globals
from werkzeug.routing import Rule

from ..core.loader import core
from ..request_context import BEGUN, OWN, SERVING
from ..service.service import Service

Method = Callable[..., Any]


class Methods(NamedTuple):
    """What stands in place of three methods of an app."""

    dispatch: Method
    end_request: Method
    end_context: Method


def in_front(
    app: Flask,
    service: Service,
    ours: ContextVar[bool],
    local_call: ContextVar[bool],
    rules: dict[int, Rule],
    slow: Methods,
    methods: tuple[str | Method, ...],
) -> Methods:
    """The same in C. `slow` does it in Python, also for the requests that C hands on.

    `rules` are those that lead to none of our pages, by id. `methods` are the app's own: a name in
    its class, or what another has set on the app.
    """
    current = _current_request()
    if core is None or current is None:
        return slow
    path = core.RequestPath(
        app=app,
        service=service,
        history=service.level_history,
        counter=service.counter,
        current=current,
        ours=ours,
        serving=SERVING,
        local_call=local_call,
        rules=rules,
        begun_key=BEGUN,
        own_tag=OWN,
        slow=slow,
        methods=methods,
    )
    return Methods(path.dispatch, path.end_request, path.end_context)


def _current_request() -> ContextVar[Any] | None:
    """Flask's variable whose value has the request. It has no public name, and its name differs
    between versions: without it, Python does the work."""
    known = vars(globals)
    found = known.get("_cv_request", known.get("_cv_app"))
    return found if isinstance(found, ContextVar) else None
