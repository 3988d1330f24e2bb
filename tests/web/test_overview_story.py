"""The overview as a story: memory over time, the suspects on the first screen, what to do next."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from flask import Flask

import flask_heapview
from flask_heapview.model.history import History

from ..helpers import API, BEARER, PREFIX, answered_here, capture

MAX_BYTES = 100_000  # of the page, with its styles and scripts
STATIC = Path(flask_heapview.__file__).parent / "static"
EVIL = "<img src=x>\"'&"
MB = 1_000_000
kept: list[bytes] = []


@pytest.fixture(autouse=True)
def answers() -> Iterator[None]:
    with answered_here():
        yield


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    made: Flask = make_app()

    @made.get("/leak/<int:number>")
    def leak(number: int) -> str:
        kept.append(bytes(3000 + number))
        return "kept"

    return made


def overview(client: Any) -> str:
    answer = client.get(f"{PREFIX}/", headers=BEARER)
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


@pytest.fixture
def past(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the worker had grown by 1 MB a minute, for the three hours up to now."""
    service = app.extensions["heapview"].inspector
    real = service.history

    def history() -> History:
        found: History = real()
        clock = [found.clock[-1] - 60 * n for n in range(180, -1, -1)]
        return msgspec.structs.replace(
            found,
            clock=clock,
            resident=[(100 + n) * MB for n in range(181)],
            python=[50 * MB] * 181,
            requests=[60 * n for n in range(181)],
            paused=[0.01 * n for n in range(181)],
            left=300 * MB,
            bound="container",
            limit=600 * MB,
        )

    monkeypatch.setattr(service, "history", history)


def test_the_api_gives_the_history(client: Any) -> None:
    client.get("/health")
    schema = client.get(f"{API}/schema", headers=BEARER).json
    found = client.get(f"{API}/history", headers=BEARER).json
    jsonschema.validate(found, {**schema["answers"]["history"], "$defs": schema["$defs"]})
    columns = [found[name] for name in ("clock", "resident", "python", "requests", "paused")]
    assert len({len(column) for column in columns}) == 1
    assert all(a < b for a, b in pairwise(found["clock"]))
    assert found["resident"][-1] > MB
    assert found["forecast"] is None
    worker = client.get(f"{API}/workers", headers=BEARER).json["workers"][0]
    assert found["worker"] == worker["id"]
    several = client.get(f"{API}/history?worker=all", headers=BEARER).json
    assert [row["worker"] for row in several["workers"]] == [worker["id"]]
    assert client.get(f"{API}/history?worker=another", headers=BEARER).status_code == 404
    assert client.get(f"{API}/history").status_code == 401


def test_the_page_without_data_is_small(client: Any) -> None:
    text = overview(client)
    assert "Take a first snapshot" in text
    files = [STATIC / name for name in ("heapview.css", "progress.js", "watch.js", "icon.svg")]
    size = len(text.encode()) + sum(file.stat().st_size for file in files)
    assert size < MAX_BYTES
    assert not re.search(r"\sstyle=|<style|<script(?! type=\"module\" src)", text)


@pytest.mark.usefixtures("past")
def test_the_snapshots_are_marked_and_their_labels_harmless(client: Any) -> None:
    ids = [capture(client, label=label)["id"] for label in (EVIL, "second")]
    text = overview(client)
    chart = text[text.index('class="chart"') : text.index("</section>", text.index("chart"))]
    assert re.findall(r'<a href="[^"]*/snapshots/([\w-]+)"', chart) == ids
    assert EVIL not in text
    assert "<img src=x" not in text
    assert "<title>Snapshot &lt;img src=x&gt;&#34;&#39;&amp;: " in chart
    assert "style=" not in chart


@pytest.mark.usefixtures("past")
def test_when_the_limit_is_hit(client: Any) -> None:
    text = overview(client)
    assert (
        "At the rate of the last 3 hours, 60.0 MB an hour, "
        "the container&#39;s limit of 600.0 MB is hit in 5 hours." in text
    )
    assert "container full" in text
    found = client.get(f"{API}/history", headers=BEARER).json["forecast"]
    assert found["seconds"] == pytest.approx(18_000, rel=0.01)
    assert found["over_seconds"] == pytest.approx(10_800)


@pytest.mark.usefixtures("past")
def test_a_week_of_figures_stays_small(client: Any) -> None:
    text = overview(client).encode()
    assert len(text) < MAX_BYTES / 2
    assert len(gzip.compress(text)) < MAX_BYTES / 10


def test_the_order_of_the_story_and_the_suspects(client: Any) -> None:
    kept.clear()
    taken = []
    for turn in range(2):
        for number in range(100):
            client.get(f"/leak/{number + turn}")
        taken.append(capture(client)["id"])
    text = overview(client)
    parts = [
        "It leaks",
        "<strong>Next:</strong>",
        "Where the memory is",
        "How it went over time",
        'class="suspects"',
        'class="figures"',
        'aria-label="Workers"',
        'aria-label="Snapshots"',
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    card = text[text.index("<article") : text.index("</article>")]
    for words in (f"{__name__}.kept", " % sure", "<code>leak</code> 100 %", "Per request"):
        assert words in card, words
    assert f"/report?base={taken[0]}&amp;target={taken[-1]}#suspect-1" in card
    report = client.get(f"{PREFIX}/report?base={taken[0]}&target={taken[-1]}", headers=BEARER).text
    assert 'id="suspect-1"' in report
    kept.clear()
