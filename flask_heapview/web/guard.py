"""What every route goes through: host, identity, scope, audit, headers, errors."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from flask import Blueprint, Response, abort, current_app, g, redirect, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from ..errors import HeapViewError, HelpersBusy, Unauthorized
from ..isolation.turns import hold, release
from ..model.query import What, WorkerRef
from ..model.worker_info import WorkerInfo
from ..service.service import EXTENSION, Service
from ..workers.connection import LOCAL
from .access import ACCESS, HEADERS, SCOPES, Access, Identity, log_attempt
from .body import bound_body
from .links import adapter, url_for
from .routes import METRICS
from .scopes import OPEN, SCOPE

log = logging.getLogger("flask_heapview")


def service() -> Service:
    """The service of the current app."""
    return cast(Service, current_app.extensions[EXTENSION])


def access() -> Access:
    """Who may come in to the current app's pages."""
    return cast(Access, current_app.extensions[ACCESS])


def is_api() -> bool:
    """Whether the answer is for programs."""
    return "/api/v1/" in request.path or _is_metrics()


def _is_metrics() -> bool:
    """Whether it is the metrics' address, whatever the method."""
    try:
        endpoint, _ = adapter().match(method="GET")
    except HTTPException:
        return False
    return bool(endpoint == f"{service().blueprint}.{METRICS}")


def enter() -> None:
    """Before every answer; what no scope was given for stays closed.

    Where no route of ours matched, the scope is `view`: a stranger does not learn which there are.
    """
    if EXTENSION not in current_app.extensions:
        abort(404)  # switched off
    here = service()
    g.heapview_via = "nobody"
    bound_body(request)
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    scope = OPEN if endpoint.endswith(".static") else getattr(view, SCOPE, None)
    if not here.is_own(endpoint):
        scope = "view"
    local = LOCAL in request.environ
    if not local:
        access().require_host(request)
    if scope == OPEN:
        return
    if scope is None:
        raise Unauthorized("This route declares no scope, so access is denied.")
    # the kernel has said who is at the other end of the socket
    found = Identity("socket", SCOPES) if local else access().identify(request)
    if found.via == "auth" and not found.nonce:
        g.heapview_new_nonce = secrets.token_urlsafe(16)
        found = msgspec.structs.replace(found, nonce=g.heapview_new_nonce)
    g.heapview_via, g.heapview_identity = found.via, found
    if not local:
        access().authorize(found, scope, request)
    here.visited()


def identity() -> Identity:
    """Who asks; only within a route that is not open."""
    return cast(Identity, g.heapview_identity)


def may(scope: str) -> bool:
    """Whether who asks has that scope, beside the one that the route needs."""
    return scope in identity().scopes


def ask(what: What, **fields: Any) -> bytes:
    """An answer about snapshots, without what is not for who asks. Raises HeapViewError."""
    hold()
    return service().run_query(what, values=may("values"), **fields)


def refs(workers: Iterable[WorkerInfo]) -> list[WorkerRef]:
    """Workers as a question names them."""
    return [WorkerRef(worker.number, worker.id) for worker in workers]


def all_workers() -> list[WorkerRef]:
    """The live workers, by number, for a question about all of them. Where nothing is live, those
    whose snapshots were downloaded: they have no numbers any more."""
    here = service()
    if here.is_live:
        return refs(here.workers.live())
    done = (info.worker for info in here.store.listing() if info.state == "done")
    return [WorkerRef(0, worker) for worker in sorted(set(done))]


def leave(response: Response) -> Response:
    """After every route: headers and audit."""
    release()
    for name, value in HEADERS.items():
        response.headers[name] = value
    if not (request.endpoint or "").endswith(".static"):
        outcome = "allowed" if response.status_code < 400 else "denied or failed"
        log_attempt(request, outcome, g.get("heapview_via", "nobody"), response.status_code)
    nonce = g.get("heapview_new_nonce")
    if nonce:
        access().set_nonce(response, nonce)
    return response


def problem(status: int, title: str, detail: str, **figures: object) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **figures}
    response = Response(
        msgspec.json.encode(body), status=status, mimetype="application/problem+json"
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="flask-heapview"'
    return with_wait(response, figures)


def with_wait(response: Response, figures: Mapping[str, object]) -> Response:
    """Says in its header when to ask again, where an error knows that."""
    if "retry_after" in figures:
        response.headers["Retry-After"] = str(figures["retry_after"])
    return response


def on_error(error: HeapViewError) -> BaseResponse:
    """An expected error, for a program or for a person."""
    wants_page = not is_api() and not request.headers.get("Authorization")
    if not wants_page:
        return problem(error.status, error.title, error.detail, **error.figures)
    if isinstance(error, Unauthorized) and service().config.auth is None:
        return redirect(url_for(".login", next=_next()), 303)
    answer = with_wait(page_error(error.status, error.title, error.detail), error.figures)
    if isinstance(error, HelpersBusy) and request.method == "GET":
        answer.headers["Refresh"] = answer.headers[
            "Retry-After"
        ]  # the browser asks again by itself
    return answer


def _next() -> str:
    """The page that was asked for, as its client sees it: also below a prefix of the proxy's."""
    if request.method != "GET":
        return ""
    return request.root_path.rstrip("/") + request.full_path.rstrip("?")


def page_error(status: int, title: str, detail: str) -> Response:
    """An error for a person."""
    from .frame import page  # not before: most services never show one

    return page("error.html", status, title=title, detail=detail, status=status)


def chrome() -> dict[str, object]:
    """What every page's frame needs."""
    found = g.get("heapview_identity")
    return {
        "url_for": url_for,
        "csrf": access().csrf_token(found) if found and found.via != "token" else "",
        "signed_in": found is not None,
        "can_leave": found is not None and found.via == "cookie",
    }


def on_http(error: HTTPException) -> BaseResponse:
    """What Flask itself refuses: a method, a media type, a body."""
    status = error.code or 500
    answered = error.response is not None or isinstance(error, RequestRedirect)
    if answered or EXTENSION not in current_app.extensions:
        return error.get_response()
    answer = problem if is_api() else page_error
    response = answer(status, error.name.lower(), str(error.description))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def on_crash(_: Exception) -> BaseResponse:
    """A bug of ours: logged whole, shown without details, and the service goes on."""
    log.exception("flask-heapview: %s failed", request.endpoint)
    detail = "This is a bug in flask-heapview; the service's log has the traceback."
    if is_api():
        return problem(500, "internal error", detail)
    return page_error(500, "internal error", detail)


def on_any_error(error: Exception) -> BaseResponse:
    """The answer to whatever a route of ours raised."""
    if isinstance(error, HeapViewError):
        return on_error(error)
    return on_http(error) if isinstance(error, HTTPException) else on_crash(error)


def install(blueprint: Blueprint) -> None:
    """Puts all of this in front of the blueprint's routes, whoever calls them.

    `pipeline.py` calls them by itself. This is for an app that goes around it.
    """
    blueprint.before_request(enter)
    blueprint.after_request(leave)
    blueprint.register_error_handler(HeapViewError, on_error)
    blueprint.register_error_handler(HTTPException, on_http)
    blueprint.register_error_handler(Exception, on_crash)
