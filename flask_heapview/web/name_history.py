"""The page of one name through the snapshots of a worker."""

from __future__ import annotations

from flask import Response

from ..model.base import from_json
from ..text import clean
from ..views import VIEWS
from ..views.links import HISTORY
from ..views.name_history import TOLD_BY, NameHistory, history_table
from .frame import page
from .guard import ask, service
from .links import link_here, url_for
from .view_page import query, way


def history(snapshot_id: str) -> Response:
    """One name in all snapshots of its worker."""
    wanted = query()
    found = from_json(ask("name_history", target=snapshot_id, query=wanted), NameHistory)

    def tab(other: str, **more: str) -> str:
        return url_for(f".view_{other}", snapshot_id=snapshot_id, **more)

    return page(
        "name_history.html",
        views=VIEWS,
        view=TOLD_BY.get(found.only, "allocations"),
        only=found.only,
        name=clean(found.name, 1000),
        snapshot=service().store.info(snapshot_id),
        table=history_table(found, wanted),
        link=link_here(HISTORY, snapshot_id=snapshot_id),
        tab=tab,
        way=way(tab, snapshot_id),
    )
