"""Answers our requests in place of the app's own pipeline, and counts the others.

We stand inside of all WSGI middleware: a proxy's headers are read, a stripped prefix is gone, and
a wall that was built there protects us, too. It does not matter who wrapped the app first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, cast

from flask import Flask, Request, Response, request, session
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Response as BaseResponse

from ..allocations.tracing import request_begun, request_ended
from ..errors import NotFound
from ..isolation.turns import release
from ..request_context import BEGUN, NO_ROUTE, OWN, SERVING
from ..service.service import EXTENSION, Service
from ..text import clean
from .access import HEADERS
from .fast_path import Methods, in_front
from .guard import enter, leave, on_any_error, problem
from .links import ADAPTER, SHARED, adapter
from .request_naming import RequestNaming

log = logging.getLogger("flask_heapview")
DISPLACED = "full_dispatch_request", "do_teardown_request", "do_teardown_appcontext"
MAX_RULES = 10_000  # of the app's, that are known not to be ours
# whether the last request of this context was ours: its context ends after the request has
_OURS: ContextVar[bool] = ContextVar("flask_heapview_ours", default=False)
# whether this thread or greenlet answers a call over the worker's own socket
LOCAL_CALL: ContextVar[bool] = ContextVar("flask_heapview_local", default=False)


def install(app: Flask, prefix: str) -> Pipeline:
    """Puts us in front of the pipeline of an app on which we are mounted below `prefix`.

    Flask documents these three methods as the app's own to override. A wrapper around
    `app.wsgi_app` would be left out by the middleware that was there before, or leave it out.
    """
    pipeline = Pipeline(app, prefix)
    methods = pipeline.methods()
    app.full_dispatch_request = methods.dispatch  # type: ignore[method-assign]
    app.do_teardown_request = methods.end_request  # type: ignore[method-assign]
    app.do_teardown_appcontext = methods.end_context  # type: ignore[method-assign]
    return pipeline


def _as_the_app_has_it(app: Flask, known: str | Callable[..., Any]) -> Callable[..., Any]:
    """What another has set on the app; or its class's method of that name. Monitoring agents may
    patch the class later, so it is looked up then."""
    if not isinstance(known, str):
        return known
    kind = type(app)
    return lambda *args, **kwargs: getattr(kind, known)(app, *args, **kwargs)


def _routes_by_path(app: Flask, service: Service) -> Map:
    """Our routes, for an app that matches hosts. There, a route without a host has none."""
    made = Map(converters=app.url_map.converters)
    for rule in app.url_map.iter_rules():
        if service.is_own(rule.endpoint):
            made.add(rule.empty())
    return made


class Pipeline:
    """What stands in front of one app's pipeline."""

    def __init__(self, app: Flask, prefix: str) -> None:
        self._app = app
        self._service: Service = app.extensions[EXTENSION]
        ask = self._service.config.request_name
        self._naming = RequestNaming(ask) if ask is not None else None
        self.prefix = prefix.rstrip("/")
        # with an empty prefix, only our routes themselves are ours
        self._below = (f"{self.prefix}/",) if self.prefix else ()
        self._home = f"{self._service.blueprint}.overview"
        # variables of the prefix or the subdomain: no page takes them
        self._shared = next(app.url_map.iter_rules(self._home)).arguments
        self._by_path = _routes_by_path(app, self._service) if app.url_map.host_matching else None
        self._apps: dict[int, Rule] = {}  # rules under which no request is ours, by id
        # a name in the app's class, or what another has set on the app
        self._displaced = tuple(vars(app).get(name, name) for name in DISPLACED)
        self._dispatch, self._end_request, self._end_context = (
            _as_the_app_has_it(app, known) for known in self._displaced
        )

    def methods(self) -> Methods:
        """What stands in place of the app's."""
        slow = Methods(self.dispatch, self.end_request, self.end_context)
        if self._naming is not None:  # each request is asked for its name
            return slow
        app, displaced = self._app, self._displaced
        return in_front(app, self._service, _OURS, LOCAL_CALL, self._apps, slow, displaced)

    # --- in place of the app's methods; Flask's versions hand over different arguments

    def dispatch(self, *context: Any) -> Response:
        """Answers what is ours, and hands the rest to the app."""
        asked = request._get_current_object()  # type: ignore[attr-defined]  # each use costs
        rule = asked.url_rule
        elsewhere = self._apps.get(id(rule)) is rule is not None  # nearly always
        ours = not elsewhere and self._is_ours(asked)
        if ours or _OURS.get():
            _OURS.set(ours)
        self._begin(asked, ours)
        return self.answer() if ours else self._dispatch(*context)

    def end_request(self, *args: Any, **kwargs: Any) -> None:
        """Runs the app's `teardown_request` functions. After ours, only those that may be needed.

        They are the counterpart of `before_request`, which does not run for us: a gauge would only
        ever go down. But HEAPVIEW_AUTH is code of the app, and they close what it has opened.
        """
        if LOCAL_CALL.get():
            return
        begun = request.environ.pop(BEGUN, None)
        try:
            if begun != OWN:
                self._end_request(*args, **kwargs)
            elif self._service.config.auth is not None:
                self._guarded(self._end_request, *args, **kwargs)
        finally:
            if begun is not None:
                SERVING.set(None)
                request_ended()
                self._service.ended()

    def end_context(self, *args: Any, **kwargs: Any) -> None:
        """Runs the app's `teardown_appcontext` functions: Flask has opened that context for us."""
        if LOCAL_CALL.get():
            return
        if not _OURS.get():
            self._end_context(*args, **kwargs)
            return
        _OURS.set(False)
        self._guarded(self._end_context, *args, **kwargs)

    @staticmethod
    def _guarded(teardown: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        """After a request of ours, an error of the app's is only logged."""
        try:
            teardown(*args, **kwargs)
        except Exception:
            log.exception(
                "flask-heapview: a teardown function of the app failed after a request of ours. "
                "Before those, the app's before_request functions do not run."
            )

    # --- whose it is

    def _is_ours(self, asked: Request) -> bool:
        rule = asked.url_rule
        if rule is not None:
            if self._service.is_own(rule.endpoint):
                return True
            if self._is_below(rule.rule):
                return False  # a page that the app itself has put there; a catch-all is none
            if self._leads_elsewhere(rule):
                self._apps[id(rule)] = rule
                return False
        if self._by_path is not None:
            return self._match_by_path(asked, self._by_path)
        return self._is_below(asked.path) and self._serves_this_host()

    def _is_below(self, path: str) -> bool:
        return path.startswith(self._below) or path == self.prefix

    def _leads_elsewhere(self, rule: Rule) -> bool:
        """Whether no path below our prefix can match, by what the rule begins with. With an empty
        prefix, and where routes are matched by host, it takes more to tell."""
        if not self.prefix or self._by_path is not None or len(self._apps) >= MAX_RULES:
            return False
        fixed, variable, _ = rule.rule.partition("<")
        below = f"{self.prefix}/"
        return not variable or not (below.startswith(fixed) or fixed.startswith(below))

    def _serves_this_host(self) -> bool:
        """Our routes may be bound to another host or subdomain than the one asked for."""
        try:
            endpoint, _ = adapter().match(f"{self.prefix}/", method="GET")
        except HTTPException:
            return False
        return bool(endpoint == self._home)

    def _match_by_path(self, asked: Request, routes: Map) -> bool:
        """Looks the request up among our routes alone, and notes what it finds."""
        if isinstance(asked.routing_exception, SecurityError):
            return False  # a host that the app does not trust
        found = routes.bind_to_environ(asked.environ)
        rule, values, failed = None, None, None
        try:
            rule, matched = found.match(return_rule=True)
            values = dict(matched)
        except HTTPException as error:
            failed = error
        if rule is None and not self._is_below(asked.path):
            return False
        asked.url_rule, asked.view_args, asked.routing_exception = rule, values, failed
        asked.environ[ADAPTER] = found
        return True

    def _begin(self, asked: Request, ours: bool) -> None:
        rule = asked.url_rule
        endpoint = rule.endpoint if rule is not None else None
        if ours and not self._service.is_own(endpoint):
            endpoint = f"{self._service.blueprint}.{NO_ROUTE}"
        elif self._naming is not None and endpoint is not None and not ours:
            endpoint = self._naming.name(asked, endpoint)
        self._service.count(endpoint, ours)
        tag = OWN if ours else endpoint or NO_ROUTE
        asked.environ[BEGUN] = tag
        SERVING.set(tag)
        if not ours:
            request_begun(tag)

    # --- the answer

    def answer(self) -> Response:
        """The answer to the current request, which is ours."""
        try:
            try:
                response = self._serve()
            except Exception as error:
                response = on_any_error(error)
            response = leave(cast(Response, response))
        except Exception:
            log.exception("flask-heapview: not even the error could be shown")
            response = problem(500, "internal error", "The service's log has the traceback.")
            response.headers.update(HEADERS)
        finally:
            release()
        self._save_session(response)
        return response

    def _serve(self) -> BaseResponse:
        failed = request.routing_exception
        if isinstance(failed, RequestRedirect):
            raise failed  # to the same page with a slash
        values = dict(request.view_args or {})
        if not self._service.is_own(request.endpoint):
            request.url_rule = request.view_args = None  # a catch-all's
        request.environ[SHARED] = {k: v for k, v in values.items() if k in self._shared}
        enter()
        rule = request.url_rule
        if rule is None:
            missing = NotFound(f"There is no page {clean(request.path)!r}.")
            raise missing if failed is None or failed.code == 404 else failed
        if request.method == "OPTIONS":
            return Response(headers={"Allow": ", ".join(sorted(adapter().allowed_methods()))})
        view = cast(Callable[..., BaseResponse], self._app.view_functions[rule.endpoint])
        return view(**{k: v for k, v in values.items() if k not in self._shared})

    def _save_session(self, response: BaseResponse) -> None:
        """Keeps what HEAPVIEW_AUTH changed in the app's session. Nothing else of ours uses it."""
        if self._service.config.auth is None:
            return
        try:
            store, found = self._app.session_interface, session._get_current_object()  # type: ignore[attr-defined]
            if found.modified and not store.is_null_session(found):
                store.save_session(self._app, found, cast(Response, response))
        except Exception:
            log.exception("flask-heapview: the app's session could not be saved")
