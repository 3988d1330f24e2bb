"""docs/reference-http.md: every route, as it is registered on an app."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from flask_heapview import create_blueprint
from flask_heapview.model.api import Problem
from flask_heapview.model.report import Report
from flask_heapview.model.service_report import ServiceReport
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.render.schemas import ANSWERS
from flask_heapview.store.snapshots import Head
from flask_heapview.views import BY_NAME, VIEWS
from flask_heapview.web.scopes import OPEN, SCOPE
from flask_heapview.web.worker_calls import BY_NAME as WORKER_CALLS

from .http_calls import CALLS, PARAMETERS
from .markdown import code, page, table
from .python_api import error_classes
from .structs import Struct, facts_table, reached, section, split_facts

BLUEPRINT = "reference"
VIEW_FAMILIES = ("api_view_", "view_", "diff_", "across_")
UNKNOWN = "api_unknown"  # what no call matches: it is none itself
ABOUT = """[api.md](api.md) explains the calls. Paths are below `HEAPVIEW_URL_PREFIX`, which is
`/_debug/memory` unless it is set. `VIEW` is one of the views, `ID` a snapshot."""
SCOPES = """A token has the scopes `view`, `capture` and `export`. It has `values`, too, where
`HEAPVIEW_SHOW_VALUES` is on. `HEAPVIEW_AUTH` may give fewer. `open` needs no identity. Without
the scope the answer is 403, without an identity 401."""
BODY = """Parameters stand in the address. Those of POST stand in a JSON object, the body. In
the place of `ID`, a GET may have `latest`: the newest finished snapshot, with `worker` that of one
worker. Only the calls about live workers take `worker=all`."""


class Route(NamedTuple):
    """One method of one route."""

    method: str
    path: str
    scope: str
    name: str  # of the endpoint; a view's routes share one


def routes() -> list[Route]:
    """All of them, the views' folded into one."""
    app = Flask("reference")
    with tempfile.TemporaryDirectory() as place:
        blueprint = create_blueprint(
            "a-token-for-the-reference", name=BLUEPRINT, dir=str(Path(place))
        )
        app.register_blueprint(blueprint, url_prefix="/")
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
        found = {route for rule in rules for route in _methods(app, rule)}
    return sorted(found, key=lambda route: (route.path, route.method))


def _methods(app: Flask, rule: Rule) -> Iterator[Route]:
    name = rule.endpoint.partition(".")[2]
    scope = OPEN if name == "static" else getattr(app.view_functions[rule.endpoint], SCOPE)
    path = rule.rule.replace("<snapshot_id>", "ID").replace("<index>", "INDEX")
    path = path.replace("<path:filename>", "FILE").replace("<path:rest>", "…")
    family = next(
        (
            one
            for one in VIEW_FAMILIES
            if name.startswith(one) and name.removeprefix(one) in BY_NAME
        ),
        "",
    )
    if family:
        name = family.rstrip("_")
        path = path.rpartition("/")[0] + "/VIEW"
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield Route(method, path, scope, name)


def is_call(route: Route) -> bool:
    """Whether it is for programs."""
    return route.name in CALLS


def _status(route: Route) -> str:
    call = WORKER_CALLS.get(route.name.removeprefix("api_"))
    if call is not None:
        return str(call.status)
    return "204" if route.method == "DELETE" else "200"


def answer_of(route: Route) -> Struct | None:
    """The struct that a call answers with. None where it is a file or a schema."""
    call = WORKER_CALLS.get(route.name.removeprefix("api_"))
    if call is not None:
        return call.answer if call.status != 204 else None
    return ANSWERS.get(CALLS[route.name].answer)


def _answer(route: Route) -> str:
    struct = answer_of(route)
    if route.name == "api_report":
        names = ("Report", "ServiceReport")
        return ", ".join(f"[{name}](reference-report.md#{name.lower()})" for name in names)
    if struct is None:
        return ""
    return f"[{struct.__name__}]({home_of().get(struct, '')}#{struct.__name__.lower()})"


def _calls(found: list[Route]) -> str:
    rows = [
        (
            code(route.method),
            code(route.path),
            code(route.scope),
            ", ".join(code(name) for name in CALLS[route.name].takes.split()),
            _status(route),
            _answer(route),
            CALLS[route.name].does,
        )
        for route in found
        if is_call(route)
    ]
    return table(("method", "path", "scope", "parameters", "status", "answer", "does"), rows)


def _pages(found: list[Route]) -> str:
    rows = [
        (code(route.method), code(route.path), code(route.scope))
        for route in found
        if not is_call(route) and route.name != UNKNOWN
    ]
    return table(("method", "path", "scope"), rows)


def _errors() -> str:
    rows: dict[int, list[str]] = {}
    for kind in error_classes():
        rows.setdefault(kind.status, []).append(kind.title)
    return table(
        ("status", "title"), [(str(status), "; ".join(titles)) for status, titles in rows.items()]
    )


def home_of() -> dict[Struct, str]:
    """The pages of the structs that stand elsewhere."""
    found = dict.fromkeys(reached(Head, Snapshot), "reference-files.md")
    return found | dict.fromkeys(reached(Report, ServiceReport), "reference-report.md")


def _answers(found: list[Route]) -> list[str]:
    homes = home_of()

    def link(struct: Struct) -> str:
        return f"[{struct.__name__}]({homes.get(struct, '')}#{struct.__name__.lower()})"

    answers = [answer_of(route) for route in found if is_call(route)]
    structs = reached(*filter(None, answers), Problem)
    others, facts = split_facts(struct for struct in structs if struct not in homes)
    parts = [section(struct, link) for struct in others]
    return [
        *parts,
        "## Facts",
        "The figures behind sentences, each with its `kind`.",
        facts_table(facts),
    ]


def render() -> str:
    """The page."""
    found = routes()
    views = table(("view", "shows"), [(code(view.name), view.summary) for view in VIEWS])
    parameters = table(
        ("parameter", "type", "meaning"), [(code(n), *words) for n, words in PARAMETERS.items()]
    )
    return page(
        "The HTTP API",
        ABOUT,
        SCOPES,
        "## Calls",
        BODY,
        _calls(found),
        "## Parameters",
        parameters,
        "## Views",
        views,
        "## Errors",
        "Errors are `application/problem+json` (RFC 9457). `Problem` has the fields.",
        _errors(),
        "## Pages",
        "These are for browsers. Forms send a CSRF token.",
        _pages(found),
        "## Answers",
        *_answers(found),
    )
