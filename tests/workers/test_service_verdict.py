"""A real gunicorn with two workers: one verdict over both, and each compared with the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..helpers import PREFIX, wait_until
from ..live_server import Server, serving
from .listing import done, listed

SOURCE = '''
"""Both workers leak. One of them holds a cache besides."""
import os
from flask import Flask
from flask_heapview import HeapView

app = Flask(__name__)
kept = {}
prices = {}


@app.get("/health")
def health():
    return "ok"


@app.get("/leak/<int:number>")
def leak(number):
    kept[len(kept)] = [str(number) * 20 + str(n) for n in range(20)]
    return str(os.getpid())


@app.get("/warm")
def warm():
    for number in range(5000):
        prices[number] = "x" * 1000 + str(number)
    return str(os.getpid())


HeapView(app)
'''
ROUNDS = 3
REQUESTS = 60  # of each worker, in each round


class Service:
    """The server after its traffic, and what the test needs to know of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.workers = listed(server, 2)
        self.warm = int(server.get("/warm")[1])
        for _ in range(ROUNDS):
            self.serve()
            status, made = server.api("POST", "/snapshots", {"worker": "all"})
            assert status == 202, made
            states = [done(server, one["id"]) for one in made["snapshots"]]
            assert [s["state"] for s in states] == ["done", "done"]

    def serve(self) -> None:
        """Each worker serves as many requests, at the least."""
        served: Counter[int] = Counter()

        def enough() -> bool:
            served[int(self.server.get(f"/leak/{sum(served.values())}")[1])] += 1
            return len(served) == 2 and min(served.values()) >= REQUESTS

        wait_until(enough, 120, "requests in both workers")

    def page(self, path: str) -> str:
        status, data, _ = self.server.call("GET", PREFIX + path, token=True)
        assert status == 200, data
        text: str = data.decode()
        return text


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home: Path = tmp_path_factory.mktemp("verdict")
    with serving(home, SOURCE, "sync", "--workers", "2") as server:
        yield Service(server)


def test_one_verdict_over_both_workers(driven: Service) -> None:
    status, report = driven.server.api("GET", "/report?worker=all")
    assert status == 200, report
    assert (report["verdict"], report["live"], report["missing"]) == ("leak", 2, [])
    top = report["suspects"][0]
    assert top["holder"]["path"] == "app.kept"
    assert (top["seen"], top["seen_in"]) == ("in 2 of 2 workers", 2)
    assert report["summary"].startswith("It leaks in 2 of 2 workers: dict app.kept gained")
    rows = {row["number"]: row for row in top["workers"]}
    assert list(rows) == [1, 2]
    assert {row["id"] for row in rows.values()} == {w["id"] for w in driven.workers}
    assert top["growing"]["objects"] == sum(row["objects"] for row in rows.values())
    assert top["growing"]["per_request"]["objects"] == pytest.approx(1, abs=0.1)
    assert top["confidence"] >= max(row["confidence"] for row in rows.values()) >= 0.9


def test_its_page_and_its_ticket(driven: Service) -> None:
    page = driven.page("/report/service")
    for words in ("in 2 of 2 workers", "app.kept", "worker 1", "worker 2", "Evidence in worker"):
        assert words in page
    overview = driven.page("/")
    assert "/report/service" in overview
    assert "Compare worker with worker" in overview
    status, text = driven.server.api("GET", "/report?worker=all&format=markdown")
    assert status == 200
    assert text.decode().startswith("# It leaks in 2 of 2 workers")


def test_across_names_the_cache_that_one_worker_holds(driven: Service) -> None:
    status, found = driven.server.api("GET", "/across")
    assert status == 200, found
    holder = next(w for w in driven.workers if w["pid"] == driven.warm)
    only = [d for d in found["differences"] if d["fact"]["kind"] == "only-in"]
    assert [(d["fact"]["path"], d["fact"]["number"]) for d in only] == [
        ("app.prices", holder["number"])
    ]
    assert only[0]["sentence"].startswith(f"Only worker {holder['number']} has entries in dict")
    assert "is not growth" in found["note"]
    page = driven.page("/across")
    assert "app.prices" in page
    assert "is not growth" in page


def test_a_view_of_two_workers(driven: Service) -> None:
    status, found = driven.server.api("GET", "/across?view=ownership")
    assert status == 200, found
    rows = {row["path"]: row for row in found["views"]["ownership"]["holders"]}
    assert rows["app.prices"]["entries_delta"] == 5000
    shown = driven.page(f"/across/ownership?base={found['base']}&target={found['target']}")
    assert f"worker {number_of(driven, driven.warm)} against worker" in shown


def number_of(driven: Service, pid: int) -> int:
    return next(int(w["number"]) for w in driven.workers if w["pid"] == pid)


def test_snapshots_of_two_workers_are_never_subtracted(driven: Service) -> None:
    taken = driven.server.api("GET", "/snapshots")[1]["snapshots"]
    ids = {snapshot["worker"]: snapshot["id"] for snapshot in taken}
    base, target = sorted(ids.values())
    for call in ("diff", "report"):
        status, problem = driven.server.api("GET", f"/{call}?base={base}&target={target}")
        assert status == 409, problem
        assert "across?base=ID&target=ID" in problem["detail"]
    status, data, _ = driven.server.call(
        "GET", f"{PREFIX}/compare?base={base}&target={target}", token=True
    )
    assert status == 303, data
    status, found = driven.server.api("GET", f"/across?base={base}&target={target}")
    assert (status, len(found["workers"])) == (200, 2)


def test_a_pair_of_one_worker_is_refused(driven: Service) -> None:
    taken: list[dict[str, Any]] = driven.server.api("GET", "/snapshots")[1]["snapshots"]
    own = [s["id"] for s in taken if s["worker"] == taken[0]["worker"]]
    status, problem = driven.server.api("GET", f"/across?base={own[1]}&target={own[0]}")
    assert (status, "of one worker" in problem["detail"]) == (400, True)
