"""Every address of ours in one table. What answers is loaded when somebody first asks for it.

Most of the package is behind these addresses. A service whose pages nobody opens never loads it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NamedTuple

from flask import Blueprint, current_app, request
from flask.blueprints import BlueprintSetupState

from ..workers.connection import LOCAL
from .lazy_rules import compile_rules, lazy_rules
from .scopes import Scope, needs

API = "/api/v1"
ID = "/snapshots/<snapshot_id>"
METRICS = "metrics"  # the name of the route, the one for programs outside of the API
# as they are listed on the pages
VIEW_NAMES = (
    "ownership",
    "heap",
    "retained",
    "caches",
    "cycles",
    "allocations",
    "native",
    "resources",
    "gc",
    "process",
)


class Route(NamedTuple):
    """An address, and the function of this room that answers: `module:function`."""

    method: str
    path: str
    name: str
    scope: Scope
    handler: str
    first: str = ""  # the function's first argument, where it answers at several addresses


def _call(method: str, path: str, name: str, scope: Scope) -> Route:
    """A call of the API that a worker carries out by itself."""
    return Route(method, API + path, f"api_{name}", scope, "worker_api:carried_out", name)


WORKER_ROUTES = (
    _call("GET", "/status", "status", "view"),
    _call("GET", "/history", "history", "view"),
    _call("GET", "/worker", "worker", "view"),
    _call("POST", "/snapshots", "capture", "capture"),
    _call("POST", "/allocations", "allocations", "capture"),
    _call("POST", "/watch", "watch", "capture"),
    _call("GET", "/watch", "watching", "view"),
    _call("DELETE", "/watch", "unwatch", "capture"),
    _call("POST", "/trim", "trim", "capture"),
    _call("POST", "/trim/rehearsal", "rehearse_trim", "capture"),
    _call("POST", "/gc/collect", "collect", "capture"),
)
SIGN_IN = (
    Route("GET", "/login", "login", "open", "sign_in:login_form"),
    Route("POST", "/login", "sign_in", "open", "sign_in:sign_in"),
    Route("POST", "/logout", "sign_out", "view", "sign_in:sign_out"),
)
# what needs a worker that lives
LIVE = (
    *WORKER_ROUTES,
    Route("GET", f"{API}/workers", "api_workers", "view", "api:workers"),
    Route("DELETE", f"{API}{ID}", "api_forget", "capture", "api:forget"),
    Route("POST", f"{API}{ID}/pin", "api_pin", "capture", "api:pin"),
    Route("GET", f"{API}/watch/events", "api_watch_events", "view", "live:watch_events"),
    Route("GET", f"{API}/<path:rest>", "api_unknown", "view", "api:unknown"),
    Route("GET", "/metrics", METRICS, "view", "metrics:metrics"),
    Route("GET", "/", "overview", "view", "overview:overview"),
    Route("POST", "/capture", "capture", "capture", "overview:capture"),
    Route("POST", "/tracing", "tracing", "capture", "overview:trace"),
    Route("POST", "/collect", "collect", "capture", "overview:collect"),
    Route("POST", "/trim", "trim", "capture", "overview:trim"),
    Route("POST", "/trim/rehearsal", "rehearse_trim", "capture", "overview:rehearse_trim"),
    Route("POST", "/watch", "watch", "capture", "overview:watch"),
    Route("POST", "/unwatch", "unwatch", "capture", "overview:unwatch"),
    Route("POST", f"{ID}/forget", "forget", "capture", "overview:forget"),
    Route("POST", f"{ID}/pin", "pin", "capture", "overview:pin"),
    Route("POST", f"{ID}/opinion", "opinion", "capture", "opinions:ask_for_one"),
    Route("GET", "/report/service", "service_report", "export", "pages:service_report"),
    Route("GET", "/report/service/ticket", "service_ticket", "export", "ticket:of_service"),
)
# what reads stored snapshots, also where they were downloaded
STORED = (
    Route("GET", f"{API}/snapshots", "api_snapshots", "view", "api:snapshots"),
    Route("GET", f"{API}{ID}", "api_snapshot", "view", "api:snapshot"),
    Route("GET", f"{API}{ID}/objects", "api_objects", "view", "api:objects"),
    Route("GET", f"{API}{ID}/objects/<index>", "api_object", "view", "api:one_object"),
    Route("GET", f"{API}{ID}/objects/<index>/cut", "api_cut", "view", "api:cut"),
    Route("GET", f"{API}{ID}/download", "api_download", "export", "download:download"),
    Route("GET", f"{API}{ID}/events", "api_snapshot_events", "view", "live:capture_events"),
    Route("GET", f"{API}{ID}/graph", "api_graph", "export", "exports:graph"),
    Route("GET", f"{API}/diff", "api_diff", "view", "api:diff"),
    Route("GET", f"{API}/report", "api_report", "export", "api:report"),
    Route("GET", f"{API}/across", "api_across", "view", "across:across_json"),
    Route("GET", f"{API}/opinions", "api_opinions", "view", "opinions:opinions_json"),
    Route("GET", f"{API}/schema", "api_schema", "view", "api:schema"),
    Route("GET", f"{API}/schema/report", "api_report_schema", "view", "api:report_schema"),
    Route("GET", ID, "snapshot", "view", "pages:snapshot"),
    Route("GET", f"{ID}/objects", "objects", "view", "pages:objects"),
    Route("GET", f"{ID}/objects/<index>", "object", "view", "pages:one_object"),
    Route("GET", f"{ID}/objects/<index>/cut", "cut", "view", "pages:cut"),
    Route("GET", f"{ID}/history", "history", "view", "name_history:history"),
    Route("GET", "/compare", "compare", "view", "pages:compare"),
    Route("GET", "/report", "report", "export", "pages:report"),
    Route("GET", "/report/ticket", "ticket", "export", "ticket:of_report"),
    Route("GET", "/across", "across", "view", "across:across_page"),
    Route("GET", "/opinions", "opinions", "view", "opinions:opinions_page"),
    *(
        Route("GET", path.format(name), family.format(name), "view", handler, name)
        for name in VIEW_NAMES
        for path, family, handler in (
            (API + ID + "/{}", "api_view_{}", "api:one_view"),
            (ID + "/{}", "view_{}", "pages:one_view"),
            ("/compare/{}", "diff_{}", "pages:one_diff"),
            ("/across/{}", "across_{}", "across:one_view"),
        )
    ),
)
ALL = (*SIGN_IN, *LIVE, *STORED)


def install(blueprint: Blueprint, routes: Iterable[Route]) -> None:
    """Adds routes to a blueprint, without loading what answers there."""
    views = [(route, needs(route.scope)(_later(route))) for route in routes]

    def add(state: BlueprintSetupState) -> None:
        with lazy_rules(state.app):
            for route, view in views:
                state.add_url_rule(route.path, route.name, view, methods=[route.method])

    blueprint.record(add)


def answers(route: Route) -> Callable[..., Any]:
    """The function that answers at a route, loaded."""
    module, _, name = route.handler.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"{__package__}.{module}"), name)
    return found


def load() -> None:
    """Loads what answers at any address, and compiles the app's rules of ours.

    Somebody begins to look: what is loaded between two snapshots would be growth.
    """
    _load_modules()
    compile_rules(current_app)


@functools.cache
def _load_modules() -> None:
    for module in ("..service.inspector", "..templates"):
        import_module(module, __package__)
    for route in ALL:
        answers(route)


def _later(route: Route) -> Callable[..., Any]:
    given = (route.first,) if route.first else ()
    alone = route.scope == "open" or route.name == METRICS  # scanners and scrapers look at nothing

    def view(**values: Any) -> Any:
        if not alone and LOCAL not in request.environ:
            load()
        return answers(route)(*given, **values)

    view.__name__ = route.name
    return view
