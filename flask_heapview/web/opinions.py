"""A second opinion: the other engine looks at the same worker, and both are laid side by side."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from ..errors import Conflict
from ..model.base import from_json
from ..model.opinions import Opinions
from ..model.snapshot import SnapshotInfo
from ..views.opinions import by_type
from .frame import back, page
from .guard import ask, may, service
from .links import link_here, url_for
from .replies import passed_on
from .view_page import query
from .worker_calls import ask_worker

LABEL = "second opinion"


def other_engine(info: SnapshotInfo) -> str:
    """The engine that can be asked about a snapshot's worker: its name, or nothing."""
    here = service()
    if not (may("capture") and here.inspector.runner.engine.kinds):
        return ""
    if all(worker.id != info.worker for worker in here.workers.live()):
        return ""
    return _other(info)


def _other(info: SnapshotInfo) -> str:
    return "portable" if info.engine_kind == "native" else "native"


def ask_for_one(snapshot_id: str) -> BaseResponse:
    """Takes the same capture with the other engine."""
    info = service().store.info(snapshot_id)
    if info.state != "done":
        raise Conflict("This snapshot is not done, so there is nothing to compare with.")
    fields = {"label": LABEL, "engine": _other(info)}
    begun = ask_worker("capture", info.worker, fields)
    return back("opinions", first=info.id, second=begun.id)


def _pair() -> dict[str, str | None]:
    names = {"base": "first", "target": "second"}
    return {ours: request.args.get(name) or None for ours, name in names.items()}


def opinions_json() -> Response:
    """What two engines say, as JSON."""
    return passed_on(ask("opinions", **_pair()))


def opinions_page() -> Response:
    """What two engines say, side by side."""
    pair = _pair()
    second = service().store.info(pair["target"]) if pair["target"] else None
    if second is not None and second.state != "done":
        return page("snapshot.html", snapshot=second)
    found = from_json(ask("opinions", **pair), Opinions)
    asked = {"first": found.first.id, "second": found.second.id}
    return page(
        "opinions.html",
        found=found,
        table=by_type(found, query()),
        link=link_here("opinions", **asked),
        raw=url_for(".api_opinions", **asked),
    )
