"""The metrics of all workers, in one answer for Prometheus."""

from __future__ import annotations

from flask import Response, request
from werkzeug.datastructures import MIMEAccept

from ..errors import HeapViewError, NotFound, NotInstalled
from ..model.metrics import WorkerMetrics
from ..model.worker_info import WorkerInfo
from ..store import suspects
from .guard import service
from .worker_calls import ask_each

MAX_SCRAPE_SECONDS = 1.0  # that the other workers may take to tell their figures
OPEN_METRICS, PLAIN = "application/openmetrics-text", "text/plain"
TYPES = {
    OPEN_METRICS: f"{OPEN_METRICS}; version=1.0.0; charset=utf-8",
    PLAIN: f"{PLAIN}; version=0.0.4; charset=utf-8",
}


def metrics() -> Response:
    """The figures of every worker, for Prometheus."""
    if not service().config.metrics:
        raise NotFound("The metrics are off. Set HEAPVIEW_METRICS=on.")
    try:
        from ..render import openmetrics  # not before: the package may be missing
    except ImportError:
        raise NotInstalled(
            "Metrics need the package prometheus_client. Run: pip install 'flask-heapview[metrics]'"
        ) from None
    kind = preferred(request.accept_mimetypes)
    text = openmetrics.write(gather(), plain=kind == PLAIN)
    return Response(text, content_type=TYPES[kind])


def gather() -> list[WorkerMetrics]:
    """The figures of every worker, whoever was asked. A stuck worker costs two seconds at most."""
    here = service()
    workers = here.workers.live()
    answering = [worker for worker in workers if worker.answers]
    told = {
        worker.id: answer
        for worker, answer in ask_each("status", answering, seconds=MAX_SCRAPE_SECONDS)
        if not isinstance(answer, HeapViewError)
    }

    def one(worker: WorkerInfo) -> WorkerMetrics:
        found = suspects.read(here.store.directory, worker.id, here.store.has)
        return WorkerMetrics(worker=worker, status=told.get(worker.id), suspects=found)

    return [one(worker) for worker in workers]


def preferred(accept: MIMEAccept) -> str:
    """The format that a scraper asks for. Its versions do not matter: there is one of each."""
    best = dict.fromkeys(TYPES, 0.0)
    for value, quality in accept:
        kind = value.partition(";")[0].strip().lower()
        if kind in best:
            best[kind] = max(best[kind], quality)
    return PLAIN if best[PLAIN] > best[OPEN_METRICS] else OPEN_METRICS
