"""The verdict over all workers, and worker compared with worker: answers, pages, locks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.model.query import WorkerRef
from flask_heapview.model.worker_info import WorkerInfo
from flask_heapview.reports import service_queries
from flask_heapview.views import VIEWS

from ..helpers import API, BEARER, PREFIX, TOKEN, answered_here, capture
from ..run_isolated import alone
from .other_worker import OTHER_WORKER, as_own, copy_for_another_worker, service_of

KEY = "customer-1"
SNAPSHOTS = """
from tests.helpers import capture
from tests.web.contract_shop import CUSTOMERS, make_shop, say_ids

CUSTOMERS.update({f"customer-{n}@example.com": str(n) * 9 for n in range(500)})

def main():
    client = make_shop(sys.argv[1], show_values=True).test_client()
    ids = [capture(client)["id"]]
    client.application.config["HELD"] = [{number: object()} for number in range(5000)]
    say_ids([*ids, capture(client)["id"]])

main()
"""
# what is told of the time between two snapshots, and never of two processes
OF_TIME = re.compile(
    r"\b(now|before|after|chang\w+|between|grew|allocated(?! at))\b", re.IGNORECASE
)


class Pair:
    """An app whose store has snapshots of two workers; the second is only on paper."""

    def __init__(self, place: Path) -> None:
        self.scopes = {"view", "capture", "export", "values"}
        self.app = Flask("shop")
        self.app.add_url_rule("/health", "health", lambda: "ok")
        HeapView(self.app, dir=str(place), auth=lambda _: self.scopes, show_values=True)
        self.client = self.app.test_client()
        self.service = service_of(self.app)
        store = self.service.store
        self.first, later = alone(SNAPSHOTS, str(place))  # in a small process
        as_own(self.service, [self.first, later])
        process = store.load(later).process
        process = msgspec.structs.replace(process, resident=process.resident * 2)
        self.other = copy_for_another_worker(store, later, process=process)
        store.delete(later)
        self.pair = f"base={self.first}&target={self.other}"

    def list_both(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on the other worker lives, too."""
        own = msgspec.structs.replace(self.service.workers.me(), number=1)
        there = WorkerInfo(OTHER_WORKER, 4711, own.started_at, number=2, rss=(own.rss or 0) * 2)
        there = msgspec.structs.replace(there, allocations={"mode": "off"}, answers=False)
        monkeypatch.setattr(self.service.workers, "live", lambda: [own, there])

    def refs(self) -> list[WorkerRef]:
        return [WorkerRef(1, self.service.worker), WorkerRef(2, OTHER_WORKER)]

    def get(self, path: str, *scopes: str, expect: int = 200) -> Any:
        self.scopes = set(scopes or ("view", "export"))
        answer = self.client.get(path)
        assert answer.status_code == expect, answer.text
        return answer


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("both") / "heapview")
    with answered_here():
        yield made


def check(both: Pair, name: str, data: Any) -> None:
    schema = both.get(f"{API}/schema").json
    document = {**schema["answers"][name], "$defs": schema["$defs"]}
    jsonschema.Draft202012Validator(document).validate(data)


# --- the verdict


def test_without_two_snapshots_nobody_is_judged(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.list_both(monkeypatch)
    report = both.get(f"{API}/report?worker=all").json
    check(both, "service_report", report)
    assert (report["verdict"], report["live"], report["judged"]) == ("inconclusive", 2, [])
    assert [worker["reason"] for worker in report["missing"]] == [
        "worker 1 has one snapshot: capture it again",
        "worker 2 has one snapshot: capture it again",
    ]
    page = both.get(f"{PREFIX}/report/service").text
    assert "Worker 2 has one snapshot" in page
    assert "capture workers 1 and 2." in page


def test_a_damaged_snapshot_is_named_and_the_others_are_judged(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.list_both(monkeypatch)
    store, both.scopes = both.service.store, {"view", "capture"}
    own, others = capture(both.client)["id"], copy_for_another_worker(store, both.first)
    damaged = store.directory / f"{others}.snapshot"
    try:
        damaged.write_bytes(damaged.read_bytes()[:-9])
        report = both.get(f"{API}/report?worker=all").json
        assert [worker["number"] for worker in report["judged"]] == [1]
        (missing,) = report["missing"]
        assert missing["reason"].startswith("worker 2 could not be judged: ")
        assert "damaged" in missing["reason"]
        assert "/report/service" in both.get(f"{PREFIX}/").text
        assert "/report/service" not in both.get(f"{PREFIX}/", "view").text
    finally:
        for snapshot in (own, others):
            store.delete(snapshot)


def test_those_for_whom_no_time_is_left_are_named(
    both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((0.0, 1.0, service_queries.MAX_JUDGING_SECONDS + 1))
    monkeypatch.setattr(service_queries.time, "monotonic", lambda: next(clock))
    report = service_queries.service_report(both.service.store, both.refs())
    assert [worker.reason for worker in report.missing] == [
        "worker 1 has one snapshot: capture it again",
        "worker 2 was not judged: the others took 20 s. Ask for its own report",
    ]


@pytest.mark.parametrize("query", ["base={0}", "target={0}", "base={0}&target={0}"])
def test_it_takes_no_snapshots(both: Pair, query: str) -> None:
    answer = both.get(f"{API}/report?worker=all&{query.format(both.first)}", expect=400)
    assert "Leave base and target out" in answer.json["detail"]


def test_it_can_be_taken_along(both: Pair) -> None:
    for query, ending in (("format=markdown", "md"), ("download=1", "json")):
        answer = both.get(f"{API}/report?worker=all&{query}")
        named = answer.headers["Content-Disposition"]
        assert named == f'attachment; filename="heapview-service.{ending}"'


def test_it_needs_the_scope_export(both: Pair) -> None:
    for path in (f"{API}/report?worker=all", f"{PREFIX}/report/service"):
        both.get(path, "view", "capture", "values", expect=403)


# --- worker compared with worker


def test_each_by_its_newest_snapshot(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    both.list_both(monkeypatch)
    found = both.get(f"{API}/across", "view").json
    check(both, "across", found)
    assert [worker["number"] for worker in found["workers"]] == [1, 2]
    assert (found["base"], found["target"]) == (both.first, both.other)
    assert found["summary"].startswith(
        "Only worker 2 has entries in list current_app.config: 5,000"
    )
    assert found["views"] == {}
    page = both.get(f"{PREFIX}/across", "view").text
    assert "is not growth" in page
    assert f"base={both.first}" in page
    assert "Compare worker with worker" in both.get(f"{PREFIX}/", "view").text


def test_only_so_many_are_compared_at_once(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_queries, "MAX_COMPARED", 1)
    found = service_queries.across(both.service.store, both.refs(), None, None, "")
    assert [worker.number for worker in found.workers] == [1]
    assert found.missing[0].reason.startswith("worker 2 was left out: 1 worker")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_each_view_of_two_workers(both: Pair, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    both.list_both(monkeypatch)
    for pair in ("", both.pair):
        found = both.get(f"{API}/across?view={view.name}&{pair}").json
        data = found["views"][view.name]
        check(both, f"diff/{view.name}", data)
        page = both.get(f"{PREFIX}/across/{view.name}?{pair}").text
        assert f"{view.title}: worker 2 against worker 1" in page
        heads = re.findall(r"<(?:th|h2)\b.*?</(?:th|h2)>", page, re.DOTALL)
        assert heads
        for head in heads:
            words = re.sub(r"<[^>]*>", "", head)
            assert not OF_TIME.search(words), words


def test_alone_there_is_nothing_to_compare(both: Pair) -> None:
    found = both.get(f"{API}/across").json
    assert "needs two workers" in found["summary"]
    assert found["differences"] == []
    assert "needs two workers" in both.get(f"{PREFIX}/across").text
    for path in (f"{API}/across?view=heap", f"{PREFIX}/across/heap"):
        assert "Capture all workers first" in both.get(path, expect=409).text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("view=nothing", 400, "view must be one of ownership, heap"),
        ("base={0}", 400, "Name two snapshots"),
        ("base={0}&target={0}", 400, "of one worker"),
        ("base={0}&target=20260101-000000-00000000", 404, "no snapshot"),
    ],
)
def test_foolish_questions(both: Pair, query: str, status: int, words: str) -> None:
    answer = both.get(f"{API}/across?{query.format(both.first)}", expect=status)
    assert words in answer.json["detail"]


def test_two_workers_are_never_subtracted_unasked(both: Pair) -> None:
    for path in (f"{API}/diff", f"{API}/report", f"{PREFIX}/report", f"{PREFIX}/compare/heap"):
        answer = both.get(f"{path}?{both.pair}", expect=409)
        assert "across?base=ID&amp;target=ID" in answer.text.replace("D&t", "D&amp;t"), path
    chosen = both.get(f"{PREFIX}/compare?{both.pair}", expect=303)
    assert "/across?" in chosen.headers["Location"]


def test_keys_need_the_scope_values(both: Pair) -> None:
    path = f"{API}/across?view=caches&{both.pair}"
    assert KEY in both.get(path, "view", "values").text
    assert KEY not in both.get(path, "view", "export").text


def test_its_routes_are_closed(make_app: Callable[..., Flask]) -> None:
    client = make_app(token=TOKEN).test_client()
    for path in (f"{API}/across", f"{API}/report?worker=all"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=BEARER).status_code == 200
