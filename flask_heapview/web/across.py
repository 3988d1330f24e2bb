"""Worker compared with worker: the API and its pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from ..errors import BadRequest, Conflict
from ..model.across import Across
from ..model.base import from_json
from ..model.snapshot import SnapshotInfo
from ..model.worker_info import WorkerInfo
from ..render.sentences.workers import worker_text
from ..reports.queries import Page
from ..reports.service_queries import TOO_FEW, finished
from ..text import clean
from ..views import BY_NAME, VIEWS
from ..views.across import as_comparison
from .fields import pair_asked
from .frame import page
from .guard import all_workers, ask, service
from .links import link_here, url_for
from .replies import passed_on
from .view_page import query, view_page

Pair = dict[str, str | None]  # ids of base and target


def _newest(workers: Sequence[WorkerInfo]) -> list[tuple[WorkerInfo, SnapshotInfo]]:
    """The live workers that have a finished snapshot, the one with the least memory first."""
    taken = finished(service().store.listing())
    rows = [(worker, taken[worker.id][0]) for worker in workers if worker.id in taken]
    return sorted(rows, key=lambda row: (row[0].rss or 0, row[0].number))


def _pair(workers: Sequence[WorkerInfo]) -> Pair:
    """The two that the address names; else the workers with the least and the most memory. Raises
    Conflict where there are no two."""
    asked = pair_asked()
    if any(asked.values()):
        return asked
    rows = _newest(workers)
    if len(rows) < 2:
        raise Conflict(TOO_FEW)
    return {"base": rows[0][1].id, "target": rows[-1][1].id}


def across_json() -> Response:
    """Workers compared, as JSON."""
    view = request.args.get("view", "")
    if view and view not in BY_NAME:
        raise BadRequest(f"view must be one of {', '.join(BY_NAME)}, not {clean(view)!r}.")
    return passed_on(ask("across", workers=all_workers(), view=view, **pair_asked()))


def across_page() -> Response:
    """Workers compared: what differs in each view."""
    asked = pair_asked()
    found = from_json(ask("across", workers=all_workers(), **asked), Across)
    pair = {"base": found.base, "target": found.target}
    return page(
        "across.html",
        found=found,
        views=VIEWS,
        tab=lambda other: url_for(f".across_{other}", **pair),
        raw=url_for(".api_across", **asked),
    )


def one_view(name: str) -> Response:
    """Two workers compared in one view."""
    view = BY_NAME[name]
    workers = service().workers.live()
    wanted, pair = query(), _pair(workers)
    data = ask("across_page", view=view.name, query=wanted, **pair)
    shown = from_json(data, Page)
    assert shown.base is not None  # there are two
    names = {info.id: _name(workers, info) for info in (shown.base, shown.snapshot)}
    base, target = names[shown.base.id], names[shown.snapshot.id]
    shown.tables[:] = [as_comparison(each, base, target) for each in shown.tables]
    return view_page(
        view,
        shown,
        wanted,
        link=link_here(f"across_{view.name}", **pair),
        tab=lambda other, **more: url_for(f".across_{other}", **pair, **more),
        raw=url_for(".api_across", view=view.name, **pair),
        across={"base": base, "target": target, "rows": _newest(workers)},
    )


def _name(workers: Sequence[WorkerInfo], info: SnapshotInfo) -> str:
    """What people know the worker of a snapshot by."""
    numbers = {worker.id: worker.number for worker in workers}
    return worker_text(numbers.get(info.worker, 0), info.worker)
