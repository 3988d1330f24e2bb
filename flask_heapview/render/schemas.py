"""The JSON Schema of every answer."""

from __future__ import annotations

from typing import Any

import msgspec

from ..model import api
from ..model.across import Across
from ..model.history import History
from ..model.opinions import Opinions
from ..model.report import Report
from ..model.retained import Cut, ObjectDetail, ObjectList
from ..model.service_report import ServiceReport
from ..model.snapshot import SnapshotInfo
from ..views import VIEWS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANSWERS: dict[str, type] = {
    "workers": api.Workers,
    "status": api.Status,
    "history": History,
    "started": api.Started,
    "snapshots": api.Snapshots,
    "snapshot": SnapshotInfo,
    "allocations": api.Tracing,
    "collected": api.Collected,
    "pinned": api.Pinned,
    "watch": api.WatchState,
    "trimmed": api.Trimmed,
    "rehearsed_trim": api.RehearsedTrim,
    "report": Report,
    "service_report": ServiceReport,
    "across": Across,
    "object": ObjectDetail,
    "objects": ObjectList,
    "cut": Cut,
    "opinions": Opinions,
    "problem": api.Problem,
    "view": api.ViewOf,
    "diff": api.DiffOf,
}


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a ticket: of a report, or of one on all workers.

    docs/report.schema.json is a copy. Descriptions are on one line each: how Python keeps a
    docstring's indentation depends on its version.
    """
    found, components = msgspec.json.schema_components(
        (Report, ServiceReport), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": DIALECT,
        "title": "A flask-heapview report",
        "anyOf": list(found),
        "$defs": _on_one_line(components),
    }


def _on_one_line(value: Any) -> Any:
    """The same, its descriptions without line breaks."""
    if isinstance(value, dict):
        return {
            key: " ".join(one.split())
            if key == "description" and isinstance(one, str)
            else _on_one_line(one)
            for key, one in value.items()
        }
    return [_on_one_line(one) for one in value] if isinstance(value, list) else value


def schemas() -> dict[str, Any]:
    """A JSON Schema document (2020-12): answers by name, view sections and differences apart."""
    types = {
        **ANSWERS,
        **{f"view/{view.name}": view.section for view in VIEWS},
        **{f"diff/{view.name}": view.difference for view in VIEWS},
    }
    found, components = msgspec.json.schema_components(
        types.values(), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": DIALECT,
        "title": "flask-heapview API, version 1",
        "answers": dict(zip(types, found, strict=True)),
        "$defs": components,
    }
