"""Views and graphs as files for other programs: `?format=` of the API."""

from __future__ import annotations

import os
import secrets

from flask import Response, request

from ..errors import BadRequest
from ..model.query import Export
from ..render.formats import FORMATS, HEAPSNAPSHOT, JSON, file_name
from ..reports.exports import require_format, require_graph_format
from ..text import clean
from ..views import BY_NAME, View
from .download import as_attachment
from .fields import pair_asked
from .guard import ask, service
from .newest import snapshot_named
from .replies import attached
from .view_page import query


def format_asked() -> str:
    """That of the address; JSON where it names none."""
    return request.args.get("format") or JSON


def view_as_file(view: View, snapshot_id: str) -> Response | None:
    """One view of a snapshot in the format that the address asks for; None for JSON."""
    return _as_file(view, None, snapshot_id)


def diff_as_file() -> Response | None:
    """The difference of one view, as the address asks for it; None for JSON."""
    if format_asked() == JSON:
        return None
    name = request.args.get("view", "")
    if name not in BY_NAME:
        raise BadRequest(f"Name the view of the file: view={'|'.join(BY_NAME)}.")
    pair = pair_asked()
    return _as_file(BY_NAME[name], pair["base"] or "", pair["target"])


def _as_file(view: View, base: str | None, target: str | None) -> Response | None:
    form = format_asked()
    wanted = Export(
        form=clean(form),
        table=clean(request.args.get("table", "")),
        weight=request.args.get("weight") or "bytes",
    )
    require_format(view, wanted)
    if form == JSON:
        return None
    data = ask("export", view=view.name, base=base, target=target, export=wanted, query=query())
    name = file_name(form, [base, target, view.name, wanted.table])
    return Response(data, 200, attached(name), mimetype=FORMATS[form].mimetype)


def graph(snapshot_id: str) -> Response:
    """A graph capture for other programs."""
    require_graph_format(clean(request.args.get("format", "")))
    snapshot_id = snapshot_named(snapshot_id)
    part = service().store.part(snapshot_id, f"export-{secrets.token_hex(4)}")
    try:
        ask("export_graph", target=snapshot_id, part=part.name)
        file = os.fdopen(os.open(part, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    finally:
        part.unlink(missing_ok=True)  # who has it open goes on reading
    name = file_name(HEAPSNAPSHOT, [snapshot_id])
    return as_attachment(file, name, FORMATS[HEAPSNAPSHOT].mimetype)
