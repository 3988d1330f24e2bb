"""Addresses of our own routes."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from werkzeug.routing import MapAdapter

from ..service.service import EXTENSION

SHARED = "flask_heapview.shared"  # its place in the environ: the values in the prefix itself
ADAPTER = "flask_heapview.adapter"  # what knows our addresses, where the app's own does not


def adapter() -> MapAdapter:
    """What matches and makes addresses in this request."""
    found = request.environ.get(ADAPTER) or current_app.create_url_adapter(request)
    assert isinstance(found, MapAdapter)  # there is one wherever there is a request
    return found


def url_for(endpoint: str, /, **values: Any) -> str:
    """The address of a route of ours, given as `.name`.

    It works where the request matched no route, too. The app's `url_defaults` are left out: they
    rely on its other hooks, and those do not run for us. Raises BuildError for an unknown name.
    """
    blueprint = current_app.extensions[EXTENSION].blueprint
    shared = request.environ.get(SHARED, {})
    return adapter().build(f"{blueprint}{endpoint}", {**shared, **values})


def link_here(endpoint: str, /, **fixed: Any) -> Any:
    """Makes addresses of this page with other parameters."""
    wanted = request.args.to_dict()

    def make(**changes: Any) -> str:
        values = {k: v for k, v in {**wanted, **changes}.items() if v not in (None, "")}
        return url_for(f".{endpoint}", **{**values, **fixed})

    return make
