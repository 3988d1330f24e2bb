"""Answers calls that come over this worker's own socket: the same API, without the app's pipeline.

No code of the app runs for them: neither its session interface, nor its URL converters, nor its
hooks. So they are answered, too, when what these wait for has stopped.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response
from flask.sessions import NullSession
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from ..isolation.event_loop import in_loop
from ..request_context import OWN, SERVING
from ..service.service import EXTENSION, Service
from ..workers.base import Outgoing
from .guard import problem
from .links import ADAPTER
from .pipeline import LOCAL_CALL, Pipeline

log = logging.getLogger("flask_heapview")
PLAIN_PATHS = frozenset(("/api/v1/worker",))  # neither greenlets nor processes are needed for them


class LocalDoor:
    """One mounted app's door to its own socket."""

    def __init__(self, app: Flask, pipeline: Pipeline) -> None:
        self._app, self._pipeline = app, pipeline
        service: Service = app.extensions[EXTENSION]
        self._blueprint = service.blueprint
        self._routes: Map | None = None

    def answer(self, environ: dict[str, Any]) -> Outgoing:
        """Called in a thread of our own. Raises nothing."""
        try:
            if environ["PATH_INFO"] in PLAIN_PATHS:
                response = self._respond(environ)
            else:
                response = in_loop(lambda: self._respond(environ))
        except Exception as error:
            response = problem(503, "busy", getattr(error, "detail", "It could not be answered."))
        headers = list(response.headers.items())
        return Outgoing(response.status, headers, response.iter_encoded())

    def _respond(self, environ: dict[str, Any]) -> Response:
        """Within the app's context, which Flask opens without matching and without a session."""
        adapter = self._map().bind_to_environ(environ)
        environ[ADAPTER] = adapter
        context = self._app.request_context(environ)
        context.url_adapter = None
        setattr(context, "_session" if "_session" in vars(context) else "session", NullSession())
        SERVING.set(OWN)
        LOCAL_CALL.set(True)
        with context:
            asked = context.request
            try:
                rule, values = adapter.match(return_rule=True)
            except HTTPException as error:
                asked.url_rule, asked.routing_exception = None, error
            else:
                asked.url_rule, asked.view_args = rule, dict(values)
                asked.routing_exception = None
            response = self._pipeline.answer()
            if not response.is_streamed:  # a download is read from its file as it is sent
                response.direct_passthrough = False
                response.freeze()
            return response

    def _map(self) -> Map:
        """Our routes, below no prefix."""
        if self._routes is None:
            prefix, made = self._pipeline.prefix, Map()
            for rule in self._app.url_map.iter_rules():
                own = rule.endpoint.startswith(self._blueprint + ".")
                if own and rule.rule.startswith(f"{prefix}/api/v1/"):
                    copy = rule.empty()
                    copy.rule = rule.rule.removeprefix(prefix)
                    copy.host = copy.subdomain = None
                    made.add(copy)
            self._routes = made
        return self._routes
