"""The JSON API: what CONTRACT names, and the schema of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from ..errors import BadRequest, NotFound
from ..model import api
from ..model.report import Report
from ..model.service_report import ServiceReport
from ..render import json as as_json
from ..text import clean
from ..views import BY_NAME, VIEWS
from . import download, exports, live
from .fields import number, pair_asked, sent
from .guard import all_workers, ask, service
from .newest import snapshot_named
from .replies import needs, passed_on, reply
from .ticket import ticket_reply
from .worker_api import worker_route
from .worker_calls import ALL, CALLS

ROOT = "/api/v1"
Rules = list[tuple[str, str, str, Callable[..., Response]]]


def register(blueprint: Blueprint) -> None:
    """Adds all routes."""
    register_reading(blueprint)
    live.register(blueprint)
    _add(
        blueprint,
        [
            ("GET", "/workers", "api_workers", _workers),
            ("DELETE", "/snapshots/<snapshot_id>", "api_forget", _forget),
            ("POST", "/snapshots/<snapshot_id>/pin", "api_pin", _pin),
        ],
    )
    for call in CALLS:
        name = "api_" + call.name
        blueprint.add_url_rule(ROOT + call.path, name, worker_route(call), methods=[call.method])
    blueprint.add_url_rule(f"{ROOT}/<path:rest>", "api_unknown", _unknown)


def register_reading(blueprint: Blueprint) -> None:
    """Adds those that read stored snapshots."""
    rules: Rules = [
        ("GET", "/snapshots", "api_snapshots", _snapshots),
        ("GET", "/snapshots/<snapshot_id>", "api_snapshot", _snapshot),
        ("GET", "/snapshots/<snapshot_id>/objects", "api_objects", _objects),
        ("GET", "/snapshots/<snapshot_id>/objects/<index>", "api_object", _object),
        ("GET", "/snapshots/<snapshot_id>/objects/<index>/cut", "api_cut", _cut),
        ("GET", "/diff", "api_diff", _diff),
        ("GET", "/report", "api_report", _report),
        ("GET", "/schema", "api_schema", _schema),
        ("GET", "/schema/report", "api_report_schema", _report_schema),
    ]
    _add(blueprint, rules)
    download.register(blueprint)
    live.register_reading(blueprint)
    exports.register(blueprint)
    for view in VIEWS:
        path = f"{ROOT}/snapshots/<snapshot_id>/{view.name}"
        blueprint.add_url_rule(
            path, f"api_view_{view.name}", _view_route(view.name), methods=["GET"]
        )


def _add(blueprint: Blueprint, rules: Rules) -> None:
    for method, path, name, function in rules:
        blueprint.add_url_rule(ROOT + path, name, function, methods=[method])


@needs("view")
def _unknown(rest: str) -> Response:
    raise NotFound(f"There is no call {clean(rest)!r}; see docs/api.md.")


@needs("view")
def _workers() -> Response:
    return reply(api.Workers(workers=service().workers.live()))


@needs("view")
def _snapshots() -> Response:
    store = service().store
    return reply(api.Snapshots(snapshots=store.listing(), damaged=store.damaged()))


@needs("view")
def _snapshot(snapshot_id: str) -> Response:
    return reply(service().store.info(snapshot_named(snapshot_id)))


@needs("capture")
def _forget(snapshot_id: str) -> Response:
    service().store.delete(snapshot_id)
    return Response(status=204)


@needs("capture")
def _pin(snapshot_id: str) -> Response:
    keep = sent().get("pinned", True)
    if not isinstance(keep, bool):
        raise BadRequest("pinned must be true or false.")
    service().store.pin(snapshot_id, keep)
    return reply(api.Pinned(id=snapshot_id, pinned=keep))


def _view_route(name: str) -> Callable[..., Response]:
    @needs("view")
    def one_view(snapshot_id: str) -> Response:
        snapshot_id = snapshot_named(snapshot_id)
        file = exports.view_as_file(BY_NAME[name], snapshot_id)
        if file is not None:
            return file
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
    return passed_on(ask("objects", target=snapshot_named(snapshot_id), number=kind_asked()))


@needs("view")
def _object(snapshot_id: str, index: str) -> Response:
    place = object_asked(index)
    return passed_on(ask("object", target=snapshot_named(snapshot_id), number=place))


def cut_asked(index: str) -> dict[str, int]:
    """Which reference is cut: to the object of the path, from the `referrer` of the address.
    Raises NotFound, BadRequest."""
    return {
        "number": object_asked(index),
        "referrer": number(request.args.get("referrer", ""), "referrer"),
    }


@needs("view")
def _cut(snapshot_id: str, index: str) -> Response:
    return passed_on(ask("cut", target=snapshot_id, **cut_asked(index)))


@needs("view")
def _diff() -> Response:
    file = exports.diff_as_file()
    return passed_on(ask("diff", **pair_asked())) if file is None else file


@needs("export")
def _report() -> Response:
    if request.args.get("worker") == ALL:
        return _service_report()
    return ticket_reply(ask("report", **pair_asked()), Report, request.args.get("target"))


def _service_report() -> Response:
    if any(pair_asked().values()):
        raise BadRequest(
            "With worker=all each worker is judged by its own oldest and newest snapshot. "
            "Leave base and target out."
        )
    return ticket_reply(ask("service", workers=all_workers()), ServiceReport, "service")


@needs("view")
def _schema() -> Response:
    return reply(as_json.schemas())


@needs("view")
def _report_schema() -> Response:
    return reply(as_json.report_schema())
