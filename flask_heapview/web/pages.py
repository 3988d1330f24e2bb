"""The pages: one view, two snapshots compared, the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from ..model.base import from_json
from ..model.report import Report
from ..model.service_report import ServiceReport
from ..model.snapshot import SnapshotInfo
from ..render.formats import HEAPSNAPSHOT
from ..reports.object_pages import ObjectPage
from ..reports.queries import Page, earlier
from ..views import BY_NAME, VIEWS
from ..views.path import of_cut, of_object
from . import opinions
from .api import cut_asked, kind_asked, object_asked
from .frame import back, page
from .guard import all_workers, ask, may, service
from .links import link_here, url_for
from .view_page import file_link, native_sampling, query, view_page, way


def snapshot(snapshot_id: str) -> BaseResponse:
    """Opens a snapshot, or says how far it is."""
    info = service().store.info(snapshot_id)
    if info.state == "done":
        return back(f"view_{VIEWS[0].name}", snapshot_id=snapshot_id)
    return page("snapshot.html", snapshot=info)


def one_view(name: str, snapshot_id: str) -> Response:
    """One view of a snapshot."""
    view = BY_NAME[name]
    wanted = query()
    data = ask("page", view=name, target=snapshot_id, query=wanted)
    shown = from_json(data, Page)
    return view_page(
        view,
        shown,
        wanted,
        link=link_here(f"view_{name}", snapshot_id=snapshot_id),
        tab=lambda other, **more: url_for(f".view_{other}", snapshot_id=snapshot_id, **more),
        raw=url_for(f".api_view_{name}", snapshot_id=snapshot_id),
        file=file_link(f".api_view_{name}", snapshot_id=snapshot_id),
        heapsnapshot=_heapsnapshot(shown.snapshot) if name == "retained" else "",
        opens=url_for(".snapshot", snapshot_id=snapshot_id),
        download=_download(snapshot_id),
        others=earlier(service().store, shown.snapshot),
        other_engine=opinions.other_engine(shown.snapshot),
        sampling=native_sampling(view, shown),
    )


def _graph_page(template: str, snapshot_id: str, **values: Any) -> Response:
    """A page about objects of a graph capture."""

    def tab(other: str, **more: str) -> str:
        return url_for(f".view_{other}", snapshot_id=snapshot_id, **more)

    return page(
        template,
        views=VIEWS,
        snapshot=service().store.info(snapshot_id),
        tab=tab,
        way=way(tab, snapshot_id),
        opens=url_for(".snapshot", snapshot_id=snapshot_id),
        **values,
    )


def objects(snapshot_id: str) -> Response:
    """The objects of a graph."""
    kind = kind_asked()
    data = ask("objects_page", target=snapshot_id, number=kind, query=query())
    shown = from_json(data, ObjectPage)
    return _graph_page(
        "objects.html",
        snapshot_id,
        found=shown.listed(),
        shown=shown,
        link=link_here("objects", snapshot_id=snapshot_id),
        raw=url_for(".api_objects", snapshot_id=snapshot_id, kind=kind),
    )


def one_object(snapshot_id: str, index: str) -> Response:
    """An object of a graph."""
    place = object_asked(index)
    data = ask("object_page", target=snapshot_id, number=place, query=query())
    shown = from_json(data, ObjectPage)
    found = shown.detail()
    return _graph_page(
        "object.html",
        snapshot_id,
        found=found,
        path=of_object(found),
        shown=shown,
        link=link_here("object", snapshot_id=snapshot_id, index=index),
        raw=url_for(".api_object", snapshot_id=snapshot_id, index=index),
    )


def cut(snapshot_id: str, index: str) -> Response:
    """What would become free without a reference."""
    asked = cut_asked(index)
    data = ask("cut_page", target=snapshot_id, query=query(), **asked)
    shown = from_json(data, ObjectPage)
    found = shown.cut()
    place = {"snapshot_id": snapshot_id, "index": index, "referrer": asked["referrer"]}
    return _graph_page(
        "cut.html",
        snapshot_id,
        found=found,
        path=of_cut(found),
        shown=shown,
        link=link_here("cut", **place),
        raw=url_for(".api_cut", **place),
    )


def _download(snapshot_id: str) -> str:
    """Where the snapshot's file is; nothing for those who may not have it."""
    return url_for(".api_download", snapshot_id=snapshot_id) if may("export") else ""


def _heapsnapshot(info: SnapshotInfo) -> str:
    """Where a graph capture is for Chrome DevTools; nothing where there is none to have."""
    if info.kind != "graph" or not may("export"):
        return ""
    return url_for(".api_graph", snapshot_id=info.id, format=HEAPSNAPSHOT)


def _ordered() -> tuple[str | None, str | None]:
    """Base and target from the address; a form may name them in either order."""
    base, target = request.args.get("base"), request.args.get("target")
    if base and target and base != target:
        store = service().store
        if store.info(base).clock > store.info(target).clock:
            base, target = target, base
    return base, target


def compare() -> BaseResponse:
    """Leads to what compares the two snapshots of the address."""
    base, target = _ordered()
    if base and target:
        first, last = service().store.info(base), service().store.info(target)
        if first.worker != last.worker:
            return back("across", base=base, target=target)
        if first.engine_kind != last.engine_kind:
            return back("opinions", first=base, second=target)
    return back("report", base=base, target=target)


def one_diff(name: str) -> Response:
    """Two snapshots compared in one view."""
    view = BY_NAME[name]
    wanted = query()
    base, target = _ordered()
    ids: dict[str, Any] = {"base": base or "", "target": target}
    shown = from_json(ask("page", view=name, query=wanted, **ids), Page)
    return view_page(
        view,
        shown,
        wanted,
        link=link_here(f"diff_{name}", **ids),
        tab=lambda other, **more: url_for(f".diff_{other}", **ids, **more),
        raw=url_for(".api_diff", **ids),
        file=file_link(".api_diff", view=name, **ids),
        sampling=native_sampling(view, shown),
    )


def report() -> Response:
    """The verdict."""
    base, target = _ordered()
    report = from_json(ask("report", base=base, target=target), Report)
    last = report.target.id
    first = report.base.id if report.base else None

    def tab(other: str) -> str:
        if first:
            return url_for(f".diff_{other}", base=first, target=last)
        return url_for(f".view_{other}", snapshot_id=last)

    return report_page(report, url_for(".ticket", base=first, target=last), tab)


def report_page(report: Report, ticket: str, tab: Callable[[str], str] | None) -> Response:
    """The page of a report. `ticket` is the address of its ticket, `tab` gives that of a view;
    without it there are no snapshots behind the report."""
    return page(
        "report.html",
        report=report,
        views=VIEWS,
        tab=tab,
        ticket=ticket,
    )


def service_report() -> Response:
    """The verdict over all workers."""
    report = from_json(ask("service", workers=all_workers()), ServiceReport)
    return page("service_report.html", report=report)
