"""Reading, comparing and judging, in a niced process of its own: the answers to the questions."""

from __future__ import annotations

from pathlib import Path

from ..model.base import from_json, to_json
from ..model.query import Export, Query
from ..render import json as as_json
from ..store import decoded
from ..store.snapshots import Store
from . import exports, object_pages, opinion_queries, queries, service_queries
from .plausible import plausible

MAX_DECODED_BYTES = 24_000_000  # of snapshots that a process which stays keeps


def handle(data: bytes) -> bytes:
    """The answer to a Query, worked out in this process. Raises HeapViewError.

    Both are JSON. What is exported is the file itself.
    """
    job = from_json(data, Query)
    store = Store(Path(job.directory), values=job.values)
    with plausible():
        return _answer(job, store)


def _answer(job: Query, store: Store) -> bytes:
    if job.what == "view":
        return as_json.encode(queries.view(store, job.view, job.target))
    if job.what == "diff":
        return as_json.encode(queries.differences(store, job.base, job.target))
    if job.what == "report":
        return as_json.encode(queries.report(store, job.base, job.target))
    if job.what == "service":
        return as_json.encode(service_queries.service_report(store, job.workers))
    if job.what == "across":
        return as_json.encode(
            service_queries.across(store, job.workers, job.base, job.target, job.view)
        )
    if job.what == "across_page":
        return to_json(
            service_queries.across_page(store, job.view, job.base, job.target, job.query)
        )
    if job.what == "object":
        return as_json.encode(queries.one_object(store, job.target, job.number))
    if job.what == "cut":
        return as_json.encode(queries.cut(store, job.target, job.referrer, job.number))
    if job.what == "objects":
        return as_json.encode(queries.objects(store, job.target, job.number))
    if job.what in ("object_page", "objects_page", "cut_page"):
        numbers = job.number, job.referrer
        return to_json(object_pages.page(store, job.what, job.target, *numbers, job.query))
    if job.what == "name_history":
        return to_json(queries.name_history(store, job.target, job.query.only, job.query.name))
    if job.what == "opinions":
        return as_json.encode(opinion_queries.opinions(store, job.base, job.target))
    if job.what == "has_values":
        return to_json(queries.has_values(store, job.target))
    if job.what == "export":
        wanted = job.export or Export("")
        return exports.export(store, job.view, job.base, job.target, wanted, job.query)
    if job.what == "export_graph":
        exports.save_graph(store, job.target, store.directory / job.part)
        return b""
    return to_json(queries.page(store, job.view, job.base, job.target, job.query))


def stay() -> None:
    """This process will be asked again: what is loaded is kept."""
    decoded.keep(MAX_DECODED_BYTES)
