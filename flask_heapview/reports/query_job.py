"""Reading, comparing and judging in a process of its own.

A snapshot is megabytes of JSON, and two of them laid over one another more: decoded within the
service they would inflate it for good, and under tracemalloc tenfold. So a fresh, niced interpreter
does it, answers through a pipe, and takes all of that memory with it. The service only passes
bytes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..isolation import resident_reader
from ..isolation.turns import turn
from ..model.base import Model, from_json, to_json
from ..model.service_report import WorkerRef
from ..render import json as as_json
from ..store import decoded
from ..store.snapshots import Store
from ..views.table import TableQuery
from . import exports, object_pages, opinion_queries, queries, service_queries
from .exports import Export
from .plausible import plausible

MAX_QUERY_SECONDS = 120.0  # that an answer may take
MAX_DECODED_BYTES = 24_000_000  # of snapshots that a process which stays keeps


What = Literal[
    "view",
    "diff",
    "report",
    "service",
    "across",
    "page",
    "across_page",
    "object",
    "objects",
    "cut",
    "object_page",
    "objects_page",
    "cut_page",
    "name_history",
    "has_values",
    "export",
    "export_graph",
    "opinions",
]


class Query(Model, frozen=True):
    """A question about snapshots."""

    directory: str
    what: What
    target: str | None = None
    base: str | None = None
    view: str = ""
    number: int = -1  # of an object, or of a type
    referrer: int = -1  # of an object whose reference is cut
    query: TableQuery = TableQuery()
    values: bool = False  # whether who asks may see keys
    export: Export | None = None  # the file that is wanted of a view
    part: str = ""  # the file in the directory that a graph is written into
    workers: list[WorkerRef] = []  # the live ones, where the question is about all of them


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


def run_query(job: Query, patience: float = 0.0) -> bytes:
    """The answer as JSON, worked out in another process. Raises HeapViewError.

    `patience` is how many seconds it may wait for its turn: see isolation/turns.py.
    """
    with turn(Path(job.directory), patience):
        return resident_reader.run(
            Path(job.directory), "flask_heapview.reports.query_job", to_json(job), MAX_QUERY_SECONDS
        )
