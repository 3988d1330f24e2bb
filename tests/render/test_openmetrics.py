"""One scrape as text: read back by the Prometheus client's own parsers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from flask_heapview.model.api import CaptureState, Estimate, Status
from flask_heapview.model.gc import Gc, Generation, Pauses
from flask_heapview.model.metrics import OpenSuspect, WorkerMetrics
from flask_heapview.model.process import Allocators, Container, Headroom, Process
from flask_heapview.model.worker_info import WorkerInfo
from flask_heapview.render.openmetrics import MAX_ENDPOINTS, write

from ..helpers import ROOT
from ..run_isolated import alone

PAUSES = Pauses(bounds=[0.001, 0.01], counts=[5, 2, 1], seconds=0.75)
STATUS = Status(
    worker=WorkerInfo(id="7-a", pid=7, started_at="2026-01-02T03:04:05Z", number=2),
    process=Process(
        resident=100, virtual=900, anonymous=80, proportional=70, unique=60, swap=5, machine_total=1
    ),
    container=Container(version=2, usage=500, limit=1000, swap=50),
    allocator=Allocators(
        pymalloc_arenas=40,
        pymalloc_used=30,
        pymalloc_free=10,
        malloc_arenas=20,
        malloc_used=15,
        malloc_free=5,
    ),
    gc=Gc(generations=[Generation(700, 1, number, 10 * number, 1) for number in (30, 3, 0)]),
    headroom=Headroom(available=333),
    capture=CaptureState("native", "", "", [], "fork", Estimate(1, 1.0, 1.0)),
    requests={"shop.page": 12, "(no route)": 3},
    pauses=[PAUSES, PAUSES, PAUSES],
    sampled={"shop.page": 4_000, "(no endpoint)": 1_000},
)
SUSPECT = OpenSuspect("3f2a", "unbounded-container", 0.97, 38_200.5)
ANSWERED = WorkerMetrics(STATUS.worker, STATUS, [SUSPECT])
VALUES = {
    "heapview_worker_up{worker=2}": 1,
    "heapview_worker_info{id=7-a,pid=7,worker=2}": 1,
    "process_resident_memory_bytes{worker=2}": 100,
    "process_virtual_memory_bytes{worker=2}": 900,
    "process_start_time_seconds{worker=2}": 1767323045,
    "heapview_unique_memory_bytes{worker=2}": 60,
    "heapview_proportional_memory_bytes{worker=2}": 70,
    "heapview_anonymous_memory_bytes{worker=2}": 80,
    "heapview_swap_bytes{worker=2}": 5,
    "heapview_container_usage_bytes{worker=2}": 500,
    "heapview_container_limit_bytes{worker=2}": 1000,
    "heapview_container_swap_bytes{worker=2}": 50,
    "heapview_headroom_bytes{worker=2}": 333,
    "heapview_python_arenas_bytes{worker=2}": 40,
    "heapview_python_used_bytes{worker=2}": 30,
    "heapview_python_free_bytes{worker=2}": 10,
    "heapview_malloc_arenas_bytes{worker=2}": 20,
    "heapview_malloc_used_bytes{worker=2}": 15,
    "heapview_malloc_free_bytes{worker=2}": 5,
    "python_gc_collections_total{generation=0,worker=2}": 30,
    "python_gc_collections_total{generation=2,worker=2}": 0,
    "python_gc_objects_collected_total{generation=1,worker=2}": 30,
    "python_gc_objects_uncollectable_total{generation=0,worker=2}": 1,
    "heapview_gc_pause_seconds_bucket{generation=1,le=0.001,worker=2}": 5,
    "heapview_gc_pause_seconds_bucket{generation=1,le=0.01,worker=2}": 7,
    "heapview_gc_pause_seconds_bucket{generation=1,le=+Inf,worker=2}": 8,
    "heapview_gc_pause_seconds_count{generation=1,worker=2}": 8,
    "heapview_gc_pause_seconds_sum{generation=1,worker=2}": 0.75,
    "heapview_requests_total{endpoint=shop.page,worker=2}": 12,
    "heapview_requests_total{endpoint=(no route),worker=2}": 3,
    "heapview_sampled_live_bytes{endpoint=shop.page,worker=2}": 4000,
    "heapview_sampled_live_bytes{endpoint=(no endpoint),worker=2}": 1000,
    "heapview_suspect_bytes_per_request{cause=unbounded-container,fingerprint=3f2a,worker=2}": (
        38_200.5
    ),
    "heapview_suspect_confidence_ratio{cause=unbounded-container,fingerprint=3f2a,worker=2}": 0.97,
}


def families(*workers: WorkerMetrics) -> list[Any]:
    return list(text_string_to_metric_families(write(workers).decode()))


def by_name(found: Iterable[Any]) -> dict[str, float]:
    """Values by name and labels. Fails where a series is there twice."""
    values: dict[str, float] = {}
    for family in found:
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}"
            assert key not in values
            values[key] = sample.value
    return values


def status_with(**changes: Any) -> WorkerMetrics:
    return WorkerMetrics(STATUS.worker, msgspec.structs.replace(STATUS, **changes))


@pytest.mark.parametrize("name", VALUES)
def test_each_figure(name: str) -> None:
    assert by_name(families(ANSWERED))[name] == VALUES[name]


def test_there_is_no_other_figure() -> None:
    """Of the generations and buckets, some stand for all."""
    names = {name.partition("{")[0] for name in by_name(families(ANSWERED))}
    assert names == {name.partition("{")[0] for name in VALUES}


def test_the_plain_format_says_the_same() -> None:
    plain = by_name(parse_plain(write([ANSWERED], plain=True).decode()))
    assert plain == by_name(families(ANSWERED))


def test_each_family_has_its_type_help_and_unit() -> None:
    for family in families(ANSWERED):
        assert family.documentation.endswith("."), family.name
        assert family.type in ("gauge", "counter", "histogram", "info")
        unit = family.name.rpartition("_")[2]
        assert family.unit == (unit if unit in ("bytes", "seconds", "ratio") else ""), family.name
    assert write([ANSWERED]).endswith(b"# EOF\n")


def test_a_silent_worker_is_down_and_has_no_figures() -> None:
    silent = WorkerMetrics(WorkerInfo(id="9-b", pid=9, started_at="", number=3), None, [SUSPECT])
    found = by_name(families(ANSWERED, silent))
    assert found["heapview_worker_up{worker=2}"] == 1
    of_it = {name.partition("{")[0]: value for name, value in found.items() if "worker=3" in name}
    assert of_it.pop("heapview_worker_up") == 0
    assert set(of_it) == {
        "heapview_worker_info",
        "heapview_suspect_bytes_per_request",
        "heapview_suspect_confidence_ratio",
    }


def test_what_is_not_known_is_absent() -> None:
    bare = status_with(
        process=Process(resident=1, virtual=1),
        container=Container(),
        allocator=Allocators(),
        sampled=None,
        worker=msgspec.structs.replace(STATUS.worker, started_at="?"),
    )
    names = {name.partition("{")[0] for name in by_name(families(bare))}
    assert "process_resident_memory_bytes" in names
    for word in ("unique", "swap", "container", "python_arenas", "malloc", "sampled", "start_time"):
        assert not [name for name in names if word in name], word


HOSTILE = 'a"b\\c\nd{x="1"} 5\n# EOF\ud800\u202e'


def test_labels_are_escaped() -> None:
    evil = status_with(requests={HOSTILE: 5, "größe": 6}, sampled={HOSTILE: 7})
    suspicious = OpenSuspect(HOSTILE, HOSTILE, 0.5, 1.0)
    figures = msgspec.structs.replace(evil, suspects=[suspicious])
    found = families(figures)
    rows = {s.name: s.labels for family in found for s in family.samples}
    assert rows["heapview_suspect_confidence_ratio"]["cause"] == (
        'a"b\\c\\nd{x="1"} 5\\n# EOF\\ud800\\u202e'
    )
    (requests,) = [f for f in found if f.name == "heapview_requests"]
    assert sorted(s.value for s in requests.samples) == [5, 6]
    assert by_name(parse_plain(write([figures], plain=True).decode())) == by_name(found)


def test_endpoints_are_bounded_and_stay_the_same() -> None:
    counts = {f"page{n}": 1 for n in range(250)}
    sampled = {f"page{n}": 10 for n in range(249, -1, -1)} | {"(no endpoint)": 7, "thread": 5}
    found = by_name(families(status_with(requests=counts, sampled=sampled)))
    requests = {k: v for k, v in found.items() if k.startswith("heapview_requests")}
    assert len(requests) == MAX_ENDPOINTS + 1
    assert sum(requests.values()) == 250
    assert requests["heapview_requests_total{endpoint=page99,worker=2}"] == 1
    assert requests["heapview_requests_total{endpoint=(other),worker=2}"] == 150
    live = {k: v for k, v in found.items() if k.startswith("heapview_sampled")}
    assert len(live) == MAX_ENDPOINTS + 2
    assert live["heapview_sampled_live_bytes{endpoint=(no endpoint),worker=2}"] == 7
    assert live["heapview_sampled_live_bytes{endpoint=(other),worker=2}"] == 1505
    # the others are asked for more often now: no series takes the place of another one
    counts.update({f"page{n}": 1000 for n in range(100, 250)})
    later = by_name(families(status_with(requests=counts, sampled=sampled)))
    assert {k for k in later if "requests" in k} == set(requests)


def test_a_suspect_is_written_once() -> None:
    same = OpenSuspect(SUSPECT.fingerprint, SUSPECT.cause, 0.1, 1.0)
    twice = WorkerMetrics(STATUS.worker, STATUS, [SUSPECT, same])
    found = by_name(families(twice))
    rates = [v for k, v in found.items() if "bytes_per_request" in k]
    assert rates == [SUSPECT.bytes_per_request]


def test_nothing_is_left_in_the_registry_of_the_app() -> None:
    before = prometheus_client.generate_latest()
    write([ANSWERED])
    assert b"heapview" not in prometheus_client.generate_latest()
    assert b"heapview" not in before


def test_the_multi_process_mode_of_the_app_gets_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    result = alone("""
        from tests.render.test_openmetrics import ANSWERED
        from flask_heapview.render import openmetrics
        text = openmetrics.write([ANSWERED]).decode()
        from prometheus_client import values
        say(kind=values.ValueClass.__name__, up='heapview_worker_up{worker="2"} 1.0' in text)
    """)
    assert result == {"kind": "MmapedValue", "up": True}  # that mode it was
    assert list(tmp_path.iterdir()) == []


def test_no_worker_at_all() -> None:
    assert by_name(families()) == {}


def test_no_figure_is_odd() -> None:
    assert all(math.isfinite(value) for value in by_name(families(ANSWERED)).values())


def test_the_documentation_lists_each_metric_and_no_other() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)(?:\{([\w, ]+)\})?` \| (\w+) \|", text, re.MULTILINE)
    listed = {name: (kind, set(labels.split(", ")) - {""}) for name, labels, kind in rows}
    ending = {"counter": "_total", "info": "_info"}
    written = {
        family.name + ending.get(family.type, ""): (
            family.type,
            {k for s in family.samples for k in s.labels} - {"worker", "le"},
        )
        for family in families(ANSWERED)
    }
    assert listed == written
