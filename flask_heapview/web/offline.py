"""The pages on snapshots and reports that were downloaded: an app that nobody mounted us on.

It reads. What concerns a live worker is a 404 with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Flask, Response
from werkzeug.wrappers import Response as BaseResponse

from ..config import HeapViewConfig
from ..errors import NotFound
from ..model.base import to_json
from ..model.report import Report
from ..reports.service_queries import finished, latest_pair
from ..service.offline import NOTHING_LIVE, offline_service
from ..service.service import EXTENSION
from . import guard, pages, routes
from .access import ACCESS, Access
from .fields import number
from .frame import back, page
from .guard import service
from .links import link_here, url_for
from .scopes import needs
from .ticket import ticket_page, ticket_reply

HOSTS = ("127.0.0.1", "localhost")
STATIC = Path(__file__).parents[1] / "static"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def offline_app(directory: Path, token: str, reports: Sequence[Report]) -> Flask:
    """An app that shows the snapshots of a directory and these reports, to whoever has the token.

    Only the names of this very machine open it: a page elsewhere cannot give it another one.
    """
    app = Flask("flask_heapview.offline", static_folder=None)
    config = HeapViewConfig(token=token, dir=str(directory), hosts=HOSTS, show_values=True)
    app.extensions[EXTENSION] = offline_service(config, directory)
    app.extensions[ACCESS] = Access(config, token, directory)
    blueprint = Blueprint(EXTENSION, __name__, static_folder=str(STATIC), static_url_path="/static")
    guard.install(blueprint)
    routes.install(blueprint, (*routes.SIGN_IN, *routes.STORED))
    for path, name, function in (
        ("/", "overview", _overview(reports)),
        ("/reports/<index>", "opened_report", _report(reports)),
        ("/reports/<index>/ticket", "opened_ticket", _ticket(reports)),
        ("/api/v1/reports/<index>", "api_opened_report", _download(reports)),
    ):
        blueprint.add_url_rule(path, name, function, methods=["GET"])
    blueprint.add_url_rule("/<path:rest>", "nothing_live", _nothing_live, methods=METHODS)
    app.register_blueprint(blueprint)
    return app


@needs("view")
def _nothing_live(rest: str) -> Response:  # noqa: ARG001
    raise NotFound(NOTHING_LIVE)


def _overview(reports: Sequence[Report]) -> Callable[[], BaseResponse]:
    @needs("view")
    def overview() -> BaseResponse:
        snapshots = service().store.listing()
        if not snapshots and len(reports) == 1:
            return back("opened_report", index=0)
        return page(
            "offline.html",
            snapshots=snapshots,
            reports=reports,
            # of the worker that was captured last
            pair=latest_pair(next(iter(finished(snapshots).values()), [])),
        )

    return overview


def _opened(reports: Sequence[Report], index: str) -> Report:
    place = number(index, "index")
    if not 0 <= place < len(reports):
        raise NotFound("There is no report with that number.")
    return reports[place]


def _report(reports: Sequence[Report]) -> Callable[[str], Response]:
    @needs("export")
    def opened_report(index: str) -> Response:
        ticket = url_for(".opened_ticket", index=index)
        return pages.report_page(_opened(reports, index), ticket, None)

    return opened_report


def _ticket(reports: Sequence[Report]) -> Callable[[str], Response]:
    @needs("export")
    def opened_ticket(index: str) -> Response:
        return ticket_page(
            _opened(reports, index),
            here=link_here("opened_ticket", index=index),
            file=lambda **more: url_for(".api_opened_report", index=index, **more),
            back=url_for(".opened_report", index=index),
        )

    return opened_ticket


def _download(reports: Sequence[Report]) -> Callable[[str], Response]:
    @needs("export")
    def api_opened_report(index: str) -> Response:
        report = _opened(reports, index)
        return ticket_reply(to_json(report), Report, report.target.id)

    return api_opened_report
