"""The figures of all workers as OpenMetrics text, written by the Prometheus client.

A label `worker` is the worker's number: it stays the same when a worker is replaced, so restarts
make no new series. Names that the Prometheus client has itself are the same here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from ..model.api import Status
from ..model.gc import Generation, Pauses
from ..model.metrics import OpenSuspect, WorkerMetrics
from ..text import clean

MAX_ENDPOINTS = 100  # of one worker that have series of their own
OTHER = "(other)"
NO_ENDPOINT = "(no endpoint)"  # among sampled bytes: what no request allocated
Labels = dict[str, str]


class _Gauge(msgspec.Struct, frozen=True):
    """One figure of each worker; None where it is not known."""

    name: str
    help: str
    read: Callable[[Status], float | None]


def _started(status: Status) -> float | None:
    try:
        return datetime.fromisoformat(status.worker.started_at).timestamp()
    except ValueError:
        return None


GAUGES = (
    _Gauge(
        "process_resident_memory_bytes",
        "Resident memory.",
        lambda s: s.process.resident,
    ),
    _Gauge(
        "process_virtual_memory_bytes",
        "Virtual memory.",
        lambda s: s.process.virtual,
    ),
    _Gauge(
        "process_start_time_seconds",
        "When the worker started, in seconds since the epoch.",
        _started,
    ),
    _Gauge(
        "heapview_unique_memory_bytes",
        "Resident memory that no other process shares (USS).",
        lambda s: s.process.unique,
    ),
    _Gauge(
        "heapview_proportional_memory_bytes",
        "Resident memory, with the worker's share of shared pages (PSS).",
        lambda s: s.process.proportional,
    ),
    _Gauge(
        "heapview_anonymous_memory_bytes",
        "Resident memory of no file.",
        lambda s: s.process.anonymous,
    ),
    _Gauge(
        "heapview_swap_bytes",
        "Memory of the worker that is swapped out.",
        lambda s: s.process.swap,
    ),
    _Gauge(
        "heapview_container_usage_bytes",
        "Memory that the worker's container uses.",
        lambda s: s.container.usage,
    ),
    _Gauge(
        "heapview_container_limit_bytes",
        "Memory that the worker's container may use. Absent where there is no limit.",
        lambda s: s.container.limit,
    ),
    _Gauge(
        "heapview_container_swap_bytes",
        "Swap that the worker's container uses.",
        lambda s: s.container.swap,
    ),
    _Gauge(
        "heapview_headroom_bytes",
        "Memory that may be used before the tightest limit is reached.",
        lambda s: s.headroom.available,
    ),
    _Gauge(
        "heapview_python_arenas_bytes",
        "Memory that Python's allocator of small objects has from the kernel.",
        lambda s: s.allocator.pymalloc_arenas,
    ),
    _Gauge(
        "heapview_python_used_bytes",
        "Memory in these arenas that is handed out.",
        lambda s: s.allocator.pymalloc_used,
    ),
    _Gauge(
        "heapview_python_free_bytes",
        "Memory in these arenas that is not handed out.",
        lambda s: s.allocator.pymalloc_free,
    ),
    _Gauge(
        "heapview_malloc_arenas_bytes",
        "Memory that the C library's malloc has from the kernel.",
        lambda s: s.allocator.malloc_arenas,
    ),
    _Gauge(
        "heapview_malloc_used_bytes",
        "Memory that malloc has handed out, Python's large objects included.",
        lambda s: s.allocator.malloc_used,
    ),
    _Gauge(
        "heapview_malloc_free_bytes",
        "Memory that malloc keeps free.",
        lambda s: s.allocator.malloc_free,
    ),
)


class _GcCounter(msgspec.Struct, frozen=True):
    name: str
    help: str
    read: Callable[[Generation], int]


GC_COUNTERS = (
    _GcCounter(
        "python_gc_collections",
        "Collections of each generation.",
        lambda g: g.collections,
    ),
    _GcCounter(
        "python_gc_objects_collected",
        "Objects that the collector freed.",
        lambda g: g.collected,
    ),
    _GcCounter(
        "python_gc_objects_uncollectable",
        "Objects that the collector found and could not free.",
        lambda g: g.uncollectable,
    ),
)
SUSPECT_LABELS = ("worker", "fingerprint", "cause")


def write(workers: Sequence[WorkerMetrics], *, plain: bool = False) -> bytes:
    """The answer to one scrape; `plain` is the older text format."""
    registry = CollectorRegistry(auto_describe=False)  # never the app's own
    registry.register(_Scrape(workers))
    if plain:
        return exposition.generate_latest(registry)
    text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


class _Scrape(Collector):
    """What one scrape says."""

    def __init__(self, workers: Sequence[WorkerMetrics]) -> None:
        self._workers = workers
        self._told = [(_number(w), w.status) for w in workers if w.status is not None]

    def collect(self) -> Iterable[Metric]:
        """Every family, those without a sample included: their HELP says what is missing."""
        yield from self._identity()
        for gauge in GAUGES:
            yield self._gauge(gauge)
        for counter in GC_COUNTERS:
            yield self._gc_counter(counter)
        yield self._pauses()
        yield from self._endpoints()
        yield from self._suspects()

    def _identity(self) -> Iterator[Metric]:
        about = InfoMetricFamily("heapview_worker", "Which process a worker is.", labels=["worker"])
        up = GaugeMetricFamily(
            "heapview_worker_up", "1 where the worker answered, 0 where not.", labels=["worker"]
        )
        for one in self._workers:
            number = _number(one)
            about.add_metric([number], {"id": one.worker.id, "pid": str(one.worker.pid)})
            up.add_metric([number], float(one.status is not None))
        yield about
        yield up

    def _gauge(self, gauge: _Gauge) -> Metric:
        unit = gauge.name.rpartition("_")[2]
        family = GaugeMetricFamily(gauge.name, gauge.help, labels=["worker"], unit=unit)
        for number, status in self._told:
            value = gauge.read(status)
            if value is not None:
                family.add_metric([number], value)
        return family

    def _gc_counter(self, counter: _GcCounter) -> Metric:
        family = CounterMetricFamily(counter.name, counter.help, labels=["worker", "generation"])
        for number, status in self._told:
            for generation, figures in enumerate(status.gc.generations):
                family.add_metric([number, str(generation)], counter.read(figures))
        return family

    def _pauses(self) -> Metric:
        family = HistogramMetricFamily(
            "heapview_gc_pause_seconds",
            "How long the collector's runs took, since the first scrape.",
            labels=["worker", "generation"],
            unit="seconds",
        )
        for number, status in self._told:
            for generation, pauses in enumerate(status.pauses):
                family.add_metric([number, str(generation)], _buckets(pauses), pauses.seconds)
        return family

    def _endpoints(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "heapview_requests", "Requests that were begun.", labels=["worker", "endpoint"]
        )
        sampled = GaugeMetricFamily(
            "heapview_sampled_live_bytes",
            "Estimated bytes alive, by the endpoint that was served when they were allocated.",
            labels=["worker", "endpoint"],
            unit="bytes",
        )
        for number, status in self._told:
            shown = frozenset(list(status.requests)[:MAX_ENDPOINTS])  # the first to be asked for
            for family, figures in ((requests, status.requests), (sampled, status.sampled or {})):
                for endpoint, value in _bounded(figures, shown).items():
                    family.add_metric([number, endpoint], value)
        yield requests
        yield sampled

    def _suspects(self) -> Iterator[Metric]:
        rate = GaugeMetricFamily(
            "heapview_suspect_bytes_per_request",
            "Growth of a suspect of the worker's last report.",
            labels=SUSPECT_LABELS,
        )
        confidence = GaugeMetricFamily(
            "heapview_suspect_confidence_ratio",
            "How sure the report is of a suspect, from 0 to 1.",
            labels=SUSPECT_LABELS,
            unit="ratio",
        )
        for one in self._workers:
            for suspect in _distinct(one.suspects):
                labels = [_number(one), clean(suspect.fingerprint), clean(suspect.cause)]
                rate.add_metric(labels, suspect.bytes_per_request)
                confidence.add_metric(labels, suspect.confidence)
        yield rate
        yield confidence


def _number(one: WorkerMetrics) -> str:
    return str(one.worker.number)


def _buckets(pauses: Pauses) -> list[tuple[str, float]]:
    """Cumulative, the last one without a bound."""
    found, sum_until = [], 0
    for bound, count in zip([*map(str, pauses.bounds), "+Inf"], pauses.counts, strict=False):
        sum_until += count
        found.append((bound, float(sum_until)))
    return found


def _bounded(figures: dict[str, int], shown: frozenset[str]) -> dict[str, int]:
    """Those of the endpoints that are shown, the rest in one sum."""
    sums: Counter[str] = Counter()
    for endpoint, value in figures.items():
        own = endpoint in shown or endpoint == NO_ENDPOINT
        sums[clean(endpoint) if own else OTHER] += value
    return sums


def _distinct(suspects: Sequence[OpenSuspect]) -> Iterable[OpenSuspect]:
    """One of each fingerprint and cause, the first: a series may be written once."""
    return {(one.fingerprint, one.cause): one for one in reversed(suspects)}.values()
