"""The JSON API: what CONTRACT names, and the schema of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

import msgspec
from flask import Blueprint, Response, current_app, request

from ..allocations import tracing
from ..errors import BadRequest, NotFound
from ..model import api
from ..model.base import from_json
from ..model.report import Report
from ..model.snapshot import Kind, SnapshotInfo
from ..process.actions import collect, trim
from ..render import json as as_json
from ..render import markdown
from ..service.watch import DEFAULT_SNAPSHOTS
from ..text import clean
from ..views import VIEWS
from .guard import SCOPE, ask, may, service
from .links import url_for

Scope = Literal["open", "view", "capture", "export", "values"]
Handler = TypeVar("Handler", bound=Callable[..., Any])
MAX_LABEL_CHARACTERS = 80
MAX_NUMBER = 10**15  # of what a caller may name, so that every answer can say it


def needs(scope: Scope) -> Callable[[Handler], Handler]:
    """Marks a route with the scope it needs; a route without a mark answers nobody."""
    assert scope in get_args(Scope)

    def mark(function: Handler) -> Handler:
        setattr(function, SCOPE, scope)
        return function

    return mark


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The value as JSON."""
    return Response(as_json.encode(value), status, headers, mimetype="application/json")


def body() -> dict[str, Any]:
    """The JSON object that was sent; nothing is an empty one. Raises BadRequest."""
    data = request.get_data()
    if not data.strip():
        return {}
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object.")
    return found


def text_field(found: dict[str, Any], name: str) -> str | None:
    """A string of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a string.")
    return value


def start_capture(label: str | None, kind: str | None, worker: str | None) -> SnapshotInfo:
    """Starts a capture in this worker. Raises BadRequest and what Service.capture raises."""
    kind = kind or "ownership"
    if kind not in get_args(Kind):
        raise BadRequest(f"kind must be one of {', '.join(get_args(Kind))}.")
    service().require_worker(worker)
    flask_app = current_app._get_current_object()  # type: ignore[attr-defined]
    return service().capture(flask_app, clean(label or "", MAX_LABEL_CHARACTERS), kind)  # type: ignore[arg-type]


def whole(found: dict[str, Any], name: str) -> int | None:
    """A whole number of the body, or None. Raises BadRequest."""
    value = found.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadRequest(f"{name} must be a whole number.")
    return _bounded(value, name)


def _bounded(value: int | None, name: str) -> int | None:
    if value is not None and abs(value) > MAX_NUMBER:
        raise BadRequest(f"{name} is too large.")
    return value


def number(text: str, name: str) -> int:
    """A whole number of an address or a form. Raises BadRequest."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise BadRequest(f"{name} must be a whole number.")
    if len(digits) > len(str(MAX_NUMBER)) or abs(int(text)) > MAX_NUMBER:
        raise BadRequest(f"{name} is too large.")
    return int(text)


def switch_tracing(
    mode: str | None, frames: int | None, sample_bytes: int | None, worker: str | None
) -> api.Tracing:
    """Starts or stops tracing in this worker. Raises BadRequest or Conflict."""
    service().require_worker(worker)
    tracing.switch(mode or "", frames, sample_bytes)
    depth = tracing.depth()
    return api.Tracing(mode=tracing.mode(), frames=depth, worker=service().worker)


def register(blueprint: Blueprint) -> None:
    """Adds the routes."""
    root = "/api/v1"
    rules: list[tuple[str, str, str, Callable[..., Response]]] = [
        ("GET", "/workers", "api_workers", _workers),
        ("GET", "/status", "api_status", _status),
        ("GET", "/snapshots", "api_snapshots", _snapshots),
        ("POST", "/snapshots", "api_capture", _capture),
        ("GET", "/snapshots/<snapshot_id>", "api_snapshot", _snapshot),
        ("DELETE", "/snapshots/<snapshot_id>", "api_forget", _forget),
        ("POST", "/snapshots/<snapshot_id>/pin", "api_pin", _pin),
        ("GET", "/snapshots/<snapshot_id>/objects", "api_objects", _objects),
        ("GET", "/snapshots/<snapshot_id>/objects/<index>", "api_object", _object),
        ("GET", "/diff", "api_diff", _diff),
        ("GET", "/report", "api_report", _report),
        ("POST", "/allocations", "api_allocations", _allocations),
        ("POST", "/watch", "api_watch", _watch),
        ("GET", "/watch", "api_watching", _watching),
        ("DELETE", "/watch", "api_unwatch", _unwatch),
        ("POST", "/trim", "api_trim", _trim),
        ("POST", "/gc/collect", "api_collect", _collect),
        ("GET", "/schema", "api_schema", _schema),
    ]
    for method, path, name, function in rules:
        blueprint.add_url_rule(root + path, name, function, methods=[method])
    for view in VIEWS:
        path = f"{root}/snapshots/<snapshot_id>/{view.name}"
        blueprint.add_url_rule(
            path, f"api_view_{view.name}", _view_route(view.name), methods=["GET"]
        )
    blueprint.add_url_rule(f"{root}/<path:rest>", "api_unknown", _unknown)


@needs("view")
def _unknown(rest: str) -> Response:
    raise NotFound(f"There is no call {clean(rest)!r}; see docs/api.md.")


@needs("view")
def _workers() -> Response:
    return reply({"workers": service().workers()})


@needs("view")
def _status() -> Response:
    service().require_worker(request.args.get("worker"))
    return reply(service().status())


@needs("view")
def _snapshots() -> Response:
    store = service().store
    return reply(api.Snapshots(snapshots=store.listing(), damaged=store.damaged()))


@needs("capture")
def _capture() -> Response:
    found = body()
    info = start_capture(*(text_field(found, name) for name in ("label", "kind", "worker")))
    started = api.Started(id=info.id, state=info.state)
    location = url_for(".api_snapshot", snapshot_id=info.id)
    return reply(started, 202, {"Location": location})


@needs("view")
def _snapshot(snapshot_id: str) -> Response:
    return reply(service().store.info(snapshot_id))


@needs("capture")
def _forget(snapshot_id: str) -> Response:
    service().store.delete(snapshot_id)
    return Response(status=204)


@needs("capture")
def _pin(snapshot_id: str) -> Response:
    keep = body().get("pinned", True)
    if not isinstance(keep, bool):
        raise BadRequest("pinned must be true or false.")
    service().store.pin(snapshot_id, keep)
    return reply(api.Pinned(id=snapshot_id, pinned=keep))


def passed_on(data: bytes, headers: dict[str, str] | None = None) -> Response:
    """JSON that another process has made."""
    return Response(data, 200, headers, mimetype="application/json")


def _view_route(name: str) -> Callable[..., Response]:
    @needs("view")
    def one_view(snapshot_id: str) -> Response:
        return passed_on(ask("view", view=name, target=snapshot_id))

    return one_view


def kind_asked() -> int:
    """The number of a type from the address; -1 is all. Raises BadRequest."""
    return number(request.args.get("kind", "-1"), "kind")


def object_asked(index: str) -> int:
    """The number of an object from the address. Raises NotFound.

    Flask's own converter takes any number of digits, and fails at the 5,000th.
    """
    try:
        found = number(index, "index")
    except BadRequest:
        found = -1
    if found < 0:
        raise NotFound("There is no such object in the graph.")
    return found


@needs("view")
def _objects(snapshot_id: str) -> Response:
    return passed_on(ask("objects", target=snapshot_id, number=kind_asked()))


@needs("view")
def _object(snapshot_id: str, index: str) -> Response:
    place = object_asked(index)
    return passed_on(ask("object", target=snapshot_id, number=place))


def _pair() -> dict[str, str | None]:
    return {name: request.args.get(name) or None for name in ("base", "target")}


@needs("view")
def _diff() -> Response:
    return passed_on(ask("diff", **_pair()))


@needs("export")
def _report() -> Response:
    data = ask("report", **_pair())
    name = f"heapview-{clean(request.args.get('target'))}"
    if request.args.get("format") == "markdown":
        headers = {"Content-Disposition": f'attachment; filename="{name}.md"'}
        text = markdown.render(from_json(data, Report))
        return Response(text, 200, headers, mimetype="text/markdown")
    if request.args.get("download"):
        return passed_on(data, {"Content-Disposition": f'attachment; filename="{name}.json"'})
    return passed_on(data)


@needs("capture")
def _allocations() -> Response:
    found = body()
    mode, worker = text_field(found, "mode"), text_field(found, "worker")
    frames, distance = whole(found, "frames"), whole(found, "sample_bytes")
    return reply(switch_tracing(mode, frames, distance, worker))


def start_watch(
    times: int | None, requests: int | None, seconds: float | None, worker: str | None
) -> api.WatchState:
    """Begins a series of snapshots in this worker. Raises BadRequest, CaptureBusy, Conflict."""
    service().require_worker(worker)
    flask_app = current_app._get_current_object()  # type: ignore[attr-defined]
    return service().watch(
        flask_app, DEFAULT_SNAPSHOTS if times is None else times, requests, seconds
    )


@needs("capture")
def _watch() -> Response:
    found = body()
    seconds = found.get("every_seconds")
    if seconds is not None and (not isinstance(seconds, int | float) or isinstance(seconds, bool)):
        raise BadRequest("every_seconds must be a number.")
    if seconds is not None and seconds > MAX_NUMBER:
        raise BadRequest("every_seconds is too large.")
    times, requests = whole(found, "times"), whole(found, "every_requests")
    return reply(start_watch(times, requests, seconds, text_field(found, "worker")), 202)


def watch_shown(state: api.WatchState) -> api.WatchState:
    """Without its verdict, for those who may not see the report."""
    if may("export"):
        return state
    return msgspec.structs.replace(state, verdict=None, summary="")


@needs("view")
def _watching() -> Response:
    service().require_worker(request.args.get("worker"))
    state = service().watching()
    if state is None:
        raise NotFound("There was no watch in this worker. POST /api/v1/watch starts one.")
    return reply(watch_shown(state))


@needs("capture")
def _unwatch() -> Response:
    service().require_worker(request.args.get("worker"))
    service().unwatch()
    return Response(status=204)


@needs("capture")
def _trim() -> Response:
    service().require_worker(text_field(body(), "worker"))
    return reply({**trim(), "worker": service().worker})


@needs("capture")
def _collect() -> Response:
    service().require_worker(text_field(body(), "worker"))
    return reply({**collect(), "worker": service().worker})


@needs("view")
def _schema() -> Response:
    return reply(as_json.schemas())
