"""The JSON API: what CONTRACT names, and the schema of it."""

from __future__ import annotations

from flask import Response, request

from ..errors import BadRequest, NotFound
from ..model import api
from ..model.report import Report
from ..model.service_report import ServiceReport
from ..render import schemas
from ..text import clean
from ..views import BY_NAME
from . import exports
from .fields import number, pair_asked, sent
from .guard import all_workers, ask, service
from .newest import snapshot_named
from .replies import passed_on, reply
from .ticket import ticket_reply
from .worker_calls import ALL


def unknown(rest: str) -> Response:
    """What no call matches."""
    raise NotFound(f"There is no call {clean(rest)!r}; see docs/api.md.")


def workers() -> Response:
    """The live workers."""
    return reply(api.Workers(workers=service().workers.live()))


def snapshots() -> Response:
    """All that is stored."""
    store = service().store
    return reply(api.Snapshots(snapshots=store.listing(), damaged=store.damaged()))


def snapshot(snapshot_id: str) -> Response:
    """What is known of one snapshot."""
    return reply(service().store.info(snapshot_named(snapshot_id)))


def forget(snapshot_id: str) -> Response:
    """Deletes a snapshot."""
    service().store.delete(snapshot_id)
    return Response(status=204)


def pin(snapshot_id: str) -> Response:
    """Keeps a snapshot, or lets it go with the others."""
    keep = sent().get("pinned", True)
    if not isinstance(keep, bool):
        raise BadRequest("pinned must be true or false.")
    service().store.pin(snapshot_id, keep)
    return reply(api.Pinned(id=snapshot_id, pinned=keep))


def one_view(name: str, snapshot_id: str) -> Response:
    """One view of a snapshot, as JSON or as a file."""
    snapshot_id = snapshot_named(snapshot_id)
    file = exports.view_as_file(BY_NAME[name], snapshot_id)
    if file is not None:
        return file
    return passed_on(ask("view", view=name, target=snapshot_id))


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


def objects(snapshot_id: str) -> Response:
    """The objects of a graph, of one type or of all."""
    return passed_on(ask("objects", target=snapshot_named(snapshot_id), number=kind_asked()))


def one_object(snapshot_id: str, index: str) -> Response:
    """An object of a graph: who refers to it, and what it refers to."""
    place = object_asked(index)
    return passed_on(ask("object", target=snapshot_named(snapshot_id), number=place))


def cut_asked(index: str) -> dict[str, int]:
    """Which reference is cut: to the object of the path, from the `referrer` of the address.
    Raises NotFound, BadRequest."""
    return {
        "number": object_asked(index),
        "referrer": number(request.args.get("referrer", ""), "referrer"),
    }


def cut(snapshot_id: str, index: str) -> Response:
    """What would become free without a reference."""
    return passed_on(ask("cut", target=snapshot_id, **cut_asked(index)))


def diff() -> Response:
    """Two snapshots compared."""
    file = exports.diff_as_file()
    return passed_on(ask("diff", **pair_asked())) if file is None else file


def report() -> Response:
    """The verdict, as JSON or as the text of a ticket."""
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


def schema() -> Response:
    """The schemas of all answers."""
    return reply(schemas.schemas())


def report_schema() -> Response:
    """The schema of the report."""
    return reply(schemas.report_schema())
