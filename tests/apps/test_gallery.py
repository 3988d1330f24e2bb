"""Real applications: they go on working, and their leaks are named. Run by `make test-apps`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.views import VIEWS
from flask_heapview.web.access import HEADERS

from ..helpers import PREFIX, TOKEN
from .gallery import Application, applications, serving
from .ledger import ENTRY_BYTES, NATIVE_BYTES
from .outcome import Outcome, Row, observe
from .visitor import Answer, Visitor

pytestmark = pytest.mark.skipif(
    not os.environ.get("HEAPVIEW_APPS"), reason="applications from PyPI: make test-apps"
)
COMPARED_ROUNDS = 3
CAUSES = {
    "module": {"unbounded-container"},
    "deep": {"unbounded-container", "registry"},  # it hangs on an object of a library
    "native": {"native"},
}


@pytest.fixture(scope="module", params=applications(), ids=lambda app: app.name)
def application(request: pytest.FixtureRequest) -> Application:
    app: Application = request.param
    return app


@pytest.fixture(scope="module")
def healthy(
    application: Application, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outcome]:
    """The application as it was released, after its traffic."""
    home = tmp_path_factory.mktemp(application.name)
    with serving(application, python, home / "healthy") as server:
        yield observe(server)


def test_no_request_fails_because_of_us(
    application: Application, python: Path, tmp_path: Path
) -> None:
    found = []
    for mounted in (False, True):
        with serving(application, python, tmp_path / f"mounted-{mounted}", mounted) as server:
            found.append(server.drive(COMPARED_ROUNDS))
            assert "Traceback" not in server.log.read_text()
    assert found[0] == found[1]
    assert min(status for _, status in found[0]) == 200
    assert max(status for _, status in found[0]) < 500


def test_healthy_traffic_is_not_accused(healthy: Outcome, row: Row) -> None:
    row.figures, row.healthy = healthy.figures(), healthy.words()
    assert healthy.report["interval"]["requests"] == healthy.asked
    assert healthy.calls > 0
    known = healthy.application.known
    if known is None:
        assert healthy.verdict != "leak", healthy.story()
    else:  # the release leaks by itself, and the report has to say so
        assert healthy.verdict == "leak", healthy.story()
        assert re.search(known, healthy.top["holder"]["path"]), healthy.story()


def answered(answer: Answer, path: str) -> Answer:
    assert answer.status == 200, (path, answer.status, answer.text[:1000])
    policies = answer.headers.get_all("Content-Security-Policy")
    assert policies == [HEADERS["Content-Security-Policy"]], path
    return answer


def test_the_pages_answer(healthy: Outcome) -> None:
    visitor = Visitor(healthy.server.port, {})
    answered(visitor.visit({"path": f"{PREFIX}/login"}), "login")
    signed = visitor.visit({"path": f"{PREFIX}/login", "form": {"token": TOKEN}})
    assert (signed.status, signed.headers["Location"]) == (303, f"{PREFIX}/")
    base, target = healthy.captures[0]["id"], healthy.captures[-1]["id"]
    pages = ["", *(f"snapshots/{target}/{v.name}" for v in VIEWS)]
    for page in (*(f"compare/{v.name}" for v in VIEWS), "report"):
        pages.append(f"{page}?base={base}&target={target}")
    for page in pages:
        text = answered(visitor.visit({"path": f"{PREFIX}/{page}"}), page).text
        assert "</html>" in text, page
    assert visitor.visit({"path": f"{PREFIX}/static/heapview.css"}).status == 200


def test_the_api_answers(healthy: Outcome) -> None:
    server = healthy.server
    base, target = healthy.captures[0]["id"], healthy.captures[-1]["id"]
    for path in ("/workers", "/status", "/snapshots", f"/diff?base={base}&target={target}"):
        status, answer = server.api("GET", path)
        assert status == 200, (path, answer)
    for view in VIEWS:
        assert healthy.view(view.name) is not None
    graph = server.capture(kind="graph")
    assert graph["state"] == "done", graph["error"]
    status, retained = server.api("GET", f"/snapshots/{graph['id']}/retained")
    assert (status, bool(retained["data"]["types"])) == (200, True)
    (worker,) = server.api("GET", "/workers")[1]["workers"]
    assert worker["pid"] == healthy.captures[0]["pid"]
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("depth", CAUSES)
def test_a_leak_is_named(
    depth: str, application: Application, python: Path, tmp_path: Path, row: Row
) -> None:
    with serving(application, python, tmp_path / "leaky", LEDGER=depth) as server:
        outcome = observe(server)
    found = [s for s in outcome.suspects if is_it(s, depth, application)]
    row.leaks[depth] = f"leak {found[0]['confidence']:.2f}" if found else outcome.verdict
    assert outcome.verdict == "leak", outcome.story()
    assert found, outcome.story()
    assert found[0] is outcome.top or application.known, outcome.story()
    entries, expected = outcome.calls, ENTRY_BYTES
    if depth == "native":
        entries, expected = outcome.asked, NATIVE_BYTES
    else:
        assert found[0]["endpoints"][0]["endpoint"] == application.leaky, outcome.story()
    rate = found[0]["growing"]["per_request"]["bytes"] * outcome.asked
    assert 0.6 < rate / (entries * expected) < 1.6, outcome.story()


def is_it(suspect: dict[str, Any], depth: str, application: Application) -> bool:
    """Whether a suspect is the leak, and sure enough for the verdict."""
    path = (suspect["holder"] or {}).get("path") or ""
    pattern = {"module": r"^ledger\.entries$", "deep": application.deep, "native": ""}[depth]
    right = suspect["cause"] in CAUSES[depth] and re.search(pattern, path) is not None
    return right and suspect["confidence"] >= 0.5
