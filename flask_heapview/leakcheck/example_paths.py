"""Paths to ask an app for, made of its own routes; `{n}` stands for the number of the request."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from flask import Flask
from werkzeug.routing import BuildError, Map, Rule
from werkzeug.routing.converters import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    UUIDConverter,
)

MARK = 4_242_424_242  # stands for {n} until the path is built


def example_paths(app: Flask, left_out: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """A path for each endpoint that answers GET, and the rules for which there is none.

    Blueprints named in `left_out` and static files are not asked for.
    """
    found: dict[str, str] = {}
    without = []
    for rule in app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        if "GET" not in (rule.methods or ()) or name == "static" or blueprint in left_out:
            continue
        path = _path(app.url_map, rule)
        if path is None:
            without.append(rule.rule)
        else:
            found.setdefault(rule.endpoint, path)
    return list(found.values()), without


def _path(routes: Map, rule: Rule) -> str | None:
    """None for a converter that takes none of our examples."""
    values = {name: _example(part) for name, part in rule._converters.items()}
    try:
        built = rule.build({**(rule.defaults or {}), **values}, append_unknown=False)
    except (BuildError, ValueError, TypeError):
        return None
    if built is None:
        return None
    host = rule.host if routes.host_matching else rule.subdomain
    return None if host else built[1].replace(str(MARK), "{n}")


def _example(part: BaseConverter) -> object:
    if isinstance(part, AnyConverter):
        return sorted(part.items)[0]
    if isinstance(part, FloatConverter):
        return MARK + 0.5
    if isinstance(part, IntegerConverter):
        return MARK
    if isinstance(part, UUIDConverter):
        return uuid.UUID(int=1)  # of a fixed length: no number fits in
    return str(MARK)
