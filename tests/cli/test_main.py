"""`flask heapview …` on real snapshots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview.cli.main import heapview
from flask_heapview.views import VIEWS

from ..helpers import capture


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    def invoke(*words: str) -> Any:
        return app.test_cli_runner().invoke(heapview, list(words))

    return invoke


def test_before_the_first_snapshot(run: Callable[..., Any]) -> None:
    assert "No snapshots." in run("list").output
    answer = run("heap")
    assert answer.exit_code == 1
    assert "no snapshot yet" in answer.output


def test_snapshots_views_and_the_report(app: Flask, run: Callable[..., Any]) -> None:
    client = app.test_client()
    capture(client, label="before")
    for number in range(60):
        client.get(f"/keep/{number}")
    capture(client, label="after")
    assert "before" in run("list").output
    for view in VIEWS:
        assert run(view.name).exit_code == 0, view.name
        assert run(view.name, "after", "--base", "before").exit_code == 0, view.name
    assert "Entries +/−" in run("ownership", "after", "--base", "before").output
    assert '"view": "heap"' in run("heap", "before", "--json").output
    assert '"objects_delta"' in run("heap", "after", "--base", "before", "--json").output
    assert "Nothing matches" in run("heap", "--search", "no such type").output
    assert ", over 60 requests" in run("report").output
    assert "Verdict: **" in run("report", "--format", "markdown").output
    assert "h1. " in run("report", "--flavor", "jira").output
    assert "**Verdict: " in run("report", "--format", "markdown", "--flavor", "gitlab").output
    assert run("report", "--json", "--flavor", "jira").exit_code == 2
    assert (
        '"schema": "flask-heapview/report/1"' in run("report", "before", "after", "--json").output
    )
    backwards = run("report", "after", "before")
    assert backwards.exit_code == 1
    assert "swap them" in backwards.output
    assert "no snapshot 'x'" in run("heap", "x").output


def test_an_app_without_heapview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEAPVIEW_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # nothing was attached to from there
    answer = Flask("bare").test_cli_runner().invoke(heapview, ["list"])
    assert "not mounted" in answer.output
