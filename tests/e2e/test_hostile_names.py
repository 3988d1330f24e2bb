"""A service whose names are an attack: in real Chromium, in files, and in a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from flask_heapview.views import BY_NAME, VIEWS

from ..heap_file import HeapFile
from ..helpers import API, PREFIX, ROOT, unmeasured
from ..live_server import Server, serving
from ..profile_proto import Decoded
from ..render.test_ticket import tokens
from .hostile_app import EVIL
from .places import done, every_place, stored_places
from .windows import EVERYTHING, SOME_WINDOWS, faults, open_window

SOURCE = Path(__file__).with_name("hostile_app.py").read_text()
MAX_BYTES = 500_000  # of a page with its tables of 200 rows, and a picture
RAW = ("\x1b", "\x07", "\0", "\u202e", "\u2066", "\u200f", "m" * 400)
LABELS = (EVIL[0][:80], "m" * 80)  # of the first and the last snapshot
MOST_TELLING = ("overview", "report", "ticket-github", "view-allocations", "diff-cycles")
MARKUP = {"link_open", "image", "html_block", "em_open", "s_open", "code_block", "hr"}
FIGURE = re.compile(r"-?[\d.]*")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home, env = tmp_path_factory.mktemp("hostile"), {"HEAPVIEW_SHOW_VALUES": "on"}
    with serving(home, SOURCE, "gthread", HEAPVIEW_METRICS="on", **env) as made:
        for kind, label in zip(("ownership", "graph"), LABELS, strict=True):
            for number in range(10 * len(EVIL)):
                made.get(f"/leak/{number % len(EVIL)}/{number}")
            made.capture(kind=kind, label=label)
        yield made


def raw(text: str) -> list[str]:
    """What of an enemy's stands in a text as it was chosen."""
    return [f"has {one[:9]!r}" for one in RAW if one in text]


def test_nothing_runs_and_nothing_breaks(browser: Any, server: Server) -> None:
    page = open_window(browser, f"http://127.0.0.1:{server.port}")
    places = every_place(server) if EVERYTHING else stored_places(done(server))
    found = {}
    for name in places if EVERYTHING else MOST_TELLING:
        text = page.goto(PREFIX + places[name]).text()
        wrong = faults(page, SOME_WINDOWS if EVERYTHING else ((320, "light"),))
        wrong += page.problems + raw(text)
        wrong += [f"{len(text.encode()):,} bytes"] if len(text.encode()) > MAX_BYTES else []
        found[name] = wrong
        page.problems.clear()
    page.context.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.slow
def test_what_a_collection_frees(browser: Any, server: Server) -> None:
    page = open_window(browser, f"http://127.0.0.1:{server.port}")
    page.goto(f"{PREFIX}/")
    page.locator("summary", has_text="More: collect garbage").click()
    page.get_by_role("button", name="Collect garbage now").click()
    page.wait_for_selector("h1:has-text('unreachable objects found')")
    assert page.locator("td.code", has_text=EVIL[0]).count() == 1
    assert faults(page, SOME_WINDOWS) + page.problems + raw(page.content()) == []
    page.context.close()


def asked(server: Server, path: str) -> bytes:
    """A file of the service."""
    status, data, _ = server.call("GET", path, token=True)
    assert status == 200, data
    return data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()


@pytest.mark.slow
@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_tables_are_valid_and_no_cell_is_a_formula(server: Server, view: str) -> None:
    first, last = done(server)
    whole = f"{API}/snapshots/{last}/{view}?"
    for address in (whole, f"{API}/diff?base={first}&target={last}&view={view}&"):
        data = asked(server, f"{address}format=csv")
        rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1
        for cell in (cell for row in rows for cell in row):
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or FIGURE.fullmatch(cell)
        assert raw(data.decode()) == []
    if BY_NAME[view].picture:
        assert Decoded(asked(server, f"{whole}format=pprof")).strings
        assert json.loads(asked(server, f"{whole}format=speedscope"))["profiles"]
        lines = asked(server, f"{whole}format=collapsed").decode().splitlines()
        assert all(re.fullmatch(r"\S.* \d+", line) for line in lines)
        assert raw("\n".join(lines)) == []


@pytest.mark.slow
def test_tickets_and_figures_are_valid(server: Server) -> None:
    first, last = done(server)
    address = f"{API}/report?base={first}&target={last}"
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    report = json.loads(asked(server, address))
    jsonschema.validate(report, schema)
    assert report["verdict"] == "leak"
    assert raw(json.dumps(report, ensure_ascii=False)) == []
    for flavor in ("github", "gitlab"):
        text = asked(server, f"{address}&format=markdown&flavor={flavor}").decode()
        assert {token.type for token in tokens(text)} & MARKUP == set()
        assert raw(text) == []
    HeapFile(asked(server, f"{API}/snapshots/{last}/graph?format=heapsnapshot"))
    metrics = asked(server, f"{PREFIX}/metrics").decode()
    assert raw(metrics) == []
    named = [s for one in text_string_to_metric_families(metrics) for s in one.samples if s.labels]
    assert len(named) > len(EVIL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["workers"], ["list"], ["report"], ["diff"], ["top", "--once"], *([v.name] for v in VIEWS)],
    ids=lambda words: words[0],
)
def test_a_terminal_is_told_nothing_to_obey(server: Server, words: list[str]) -> None:
    program = Path(sys.executable).with_name("flask-heapview")
    done = subprocess.run(
        [program, *words],
        cwd=server.home,
        env={**unmeasured(), "HEAPVIEW_DIR": str(server.home / "heapview"), "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    text = done.stdout.decode()
    assert done.returncode == 0, (text, done.stderr.decode())
    assert [c for c in text if not (c.isprintable() or c == "\n")] == []
    assert raw(text) == []
