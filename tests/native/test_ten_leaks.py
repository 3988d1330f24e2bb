"""Ten native leaks beside four leaks of objects, under eight clients: each is named."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.model.report import MIN_LEAK_CONFIDENCE

from ..corpus.judge import drive
from ..helpers import needs
from ..live_server import Server, serving
from .libraries import build
from .service import KEPT_OBJECTS, LEAKS, source

pytestmark = pytest.mark.slow
CLIENTS = 8
# that each leak leaves in a round: ten samples, so that chance leaves no round without one
ROUND_BYTES = 5_000_000
WARM_UP_BYTES = 100_000
MIN_REQUESTS = 20  # of an endpoint in a round
ROUNDS = 2
NUMBERS = itertools.count()  # of requests: each basket is another one


def traffic(server: Server, left: int) -> None:
    """A round: all endpoints in a mixed order, over eight connections. Each leak leaves so many
    bytes."""
    asked = {leak.endpoint: max(MIN_REQUESTS, left // leak.size) for leak in LEAKS}
    asked |= dict.fromkeys((*KEPT_OBJECTS, "sum"), max(MIN_REQUESTS, left // 3000))
    paths = [name for name, times in asked.items() for _ in range(times)]
    random.Random(7).shuffle(paths)
    drive(server, [f"/{name}/{{}}" for name in paths], NUMBERS, len(paths), CLIENTS)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("cffi", reason="one library is called through cffi")
    pytest.importorskip("Cython", reason="one library is compiled by Cython")
    home = tmp_path_factory.mktemp("ten")
    build(home)
    options = ("--threads", str(CLIENTS), "--timeout", "120")
    with serving(home, source(), "gthread", *options) as server:
        status, answer = server.api("POST", "/allocations", {"native": True})
        needs(status == 200, f"native memory is not sampled here: {answer}")
        traffic(server, WARM_UP_BYTES)
        taken = [server.capture()["id"]]
        for _ in range(ROUNDS):
            traffic(server, ROUND_BYTES)
            taken.append(server.capture()["id"])
        found = server.api("GET", f"/report?base={taken[0]}&target={taken[-1]}")[1]
    (home / "report.txt").write_text(str(found))
    return home, found


@pytest.mark.parametrize("leak", LEAKS, ids=[leak.endpoint for leak in LEAKS])
def test_each_is_named(report: Any, leak: Any) -> None:
    """Library, function, line and endpoint."""
    home, found = report
    native = [one for one in found["suspects"] if one["cause"] == "native"]
    sites = [(one, site) for one in native for site in one["allocated_at"]]
    mine = [(one, site) for one, site in sites if leak.library in (site["library"] or "")]
    assert mine, [(site["library"], site["function"]) for _, site in sites]
    suspect, site = mine[0]
    assert leak.function in site["function"], site
    line = (Path(home) / "app.py").read_text().splitlines()[site["line"] - 1]
    assert line.strip() == leak.line, site
    assert [one["endpoint"] for one in suspect["endpoints"]] == [leak.endpoint], suspect
    assert suspect["confidence"] >= MIN_LEAK_CONFIDENCE


@pytest.mark.parametrize("name", KEPT_OBJECTS)
def test_the_leaks_of_objects_are_named_beside_them(report: Any, name: str) -> None:
    _, found = report
    others = [one for one in found["suspects"] if one["cause"] != "native"]
    assert any(name in [e["endpoint"] for e in one["endpoints"]] for one in others), [
        (one["cause"], one["holder"], one["endpoints"]) for one in others
    ]


def test_nobody_else_is_accused(report: Any) -> None:
    _, found = report
    leaks = [one for one in found["suspects"] if one["confidence"] >= MIN_LEAK_CONFIDENCE]
    accused = {e["endpoint"] for one in leaks for e in one["endpoints"]}
    assert accused == {leak.endpoint for leak in LEAKS} | set(KEPT_OBJECTS)
    assert len(leaks) == len(LEAKS) + len(KEPT_OBJECTS)
