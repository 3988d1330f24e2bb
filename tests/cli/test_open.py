"""Downloaded files in the same pages: what is let in, and what is served."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview.errors import BadRequest
from flask_heapview.model.base import from_json, to_json
from flask_heapview.store import received
from flask_heapview.store.received import receive
from flask_heapview.store.snapshots import Store

from ..helpers import API, BEARER, capture, needs
from .shell import begun, shell


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two snapshots of one worker and their report, as the API gives them."""
    from flask_heapview import HeapView

    from ..helpers import TOKEN

    home = tmp_path_factory.mktemp("downloads")
    app = Flask("shop")
    kept: dict[int, list[int]] = {}

    @app.get("/keep/<int:number>")
    def keep(number: int) -> str:
        kept[number] = [number] * 50
        return "kept"

    HeapView(app, token=TOKEN, dir=str(home / "heapview"))
    client = app.test_client()
    ids = []
    for turn in range(2):
        for number in range(60):
            client.get(f"/keep/{turn * 1000 + number}")
        ids.append(capture(client, label=f"turn {turn}")["id"])
    paths = {name: home / name for name in ("base.snapshot", "target.snapshot", "report.json")}
    for path, name in zip(ids, ("base.snapshot", "target.snapshot"), strict=True):
        answer = client.get(f"{API}/snapshots/{path}/download", headers=BEARER)
        assert f"heapview-{path}.snapshot" in answer.headers["Content-Disposition"]
        paths[name].write_bytes(answer.data)
    report = client.get(f"{API}/report?base={ids[0]}&target={ids[1]}", headers=BEARER)
    paths["report.json"].write_bytes(report.data)
    return paths


# --- what is let in


def changed_head(data: bytes, **values: Any) -> bytes:
    line, _, body = data.partition(b"\n")
    head = from_json(line, dict)
    head["info"].update(values)
    return to_json(head) + b"\n" + body


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "neither a snapshot nor a report"),
    "text": (lambda _: b"hello\n", "neither a snapshot nor a report"),
    "noise": (lambda _: random.Random(7).randbytes(9999), "neither a snapshot nor a report"),
    "deep": (lambda _: b"[" * 200_000, "neither a snapshot nor a report"),
    "cut short": (lambda data: data[:-1000], "Download it again"),
    "cut in its first line": (lambda data: data[:50], "neither a snapshot nor a report"),
    "longer": (lambda data: data + b"x", "Download it again"),
    "damaged": (lambda data: data[:-9] + b"x" + data[-8:], "its checksum is another one"),
    "later": (lambda data: data.replace(b"snapshot/1", b"snapshot/9", 1), "another version"),
    "a path": (lambda data: changed_head(data, id="../../etc/x"), "first line is damaged"),
    "a line": (
        lambda data: changed_head(data, id="20260101-000000-00000000\n"),
        "first line is damaged",
    ),
    "running": (lambda data: changed_head(data, state="running"), "first line is damaged"),
    "report": (lambda _: b'{"schema": "flask-heapview/report/1"}', "report is damaged"),
    "later report": (lambda _: b'{"schema": "flask-heapview/report/2"}', "another version"),
    "another's": (lambda _: b'{"schema": "something"}', "neither a snapshot nor a report"),
}


@pytest.mark.parametrize(("change", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(
    change: Callable[[bytes], bytes], words: str, downloads: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(change(downloads["base.snapshot"].read_bytes()))
    store = Store(tmp_path / "store")
    with pytest.raises(BadRequest, match=words):
        receive(path, store)
    assert store.listing() == []
    assert list(tmp_path.glob("store/*.snapshot")) == []


def test_a_body_that_is_no_snapshot_is_refused(downloads: dict[str, Path], tmp_path: Path) -> None:
    import hashlib

    head = from_json(downloads["base.snapshot"].read_bytes().partition(b"\n")[0], dict)
    for body in (b"{}", b"[" * 100_000, b"\xff" * 10):
        head.update(sha256=hashlib.sha256(body).hexdigest(), length=len(body))
        path = tmp_path / "file"
        path.write_bytes(to_json(head) + b"\n" + body)
        with pytest.raises(BadRequest, match="What it holds is damaged"):
            receive(path, Store(tmp_path / "store"))


def test_what_is_no_file_or_too_large(
    downloads: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    store = Store(tmp_path / "store")
    for name, words in (("pipe", "regular file"), ("none", "No such file"), (".", "directory")):
        with pytest.raises(BadRequest, match=words):
            receive(tmp_path / name, store)
    monkeypatch.setattr(received, "MAX_SNAPSHOT_BYTES", 1000)
    with pytest.raises(BadRequest, match="larger than"):
        receive(downloads["base.snapshot"], store)


def test_the_same_file_twice(downloads: dict[str, Path], tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    receive(downloads["base.snapshot"], store)
    with pytest.raises(BadRequest, match="opened already"):
        receive(downloads["base.snapshot"], store)


def test_a_refusal_ends_the_command(tmp_path: Path) -> None:
    (tmp_path / "\x1b[31mfile").write_text("hello")
    done = shell("open", "--no-browser", "\x1b[31mfile", cwd=tmp_path)
    assert done.returncode == 1
    assert "neither a snapshot nor a report" in done.stderr
    assert "\x1b" not in done.stderr
    assert shell("open", cwd=tmp_path).returncode == 2


# --- what is served


class Opened:
    """`open` with some files, and requests to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Open (http://127\.0\.0\.1:(\d+)/login#token=(\S{40,}))\n", line)
        assert found is not None, line
        self.address, self.port, self.token = found[1], int(found[2]), found[3]

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request(method, path, headers={"Connection": "close", **headers})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def api(self, path: str, method: str = "GET") -> tuple[int, Any]:
        status, text = self.get(path, method, Authorization=f"Bearer {self.token}")
        return status, json.loads(text)


@pytest.fixture(scope="module")
def opened(
    downloads: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    home = tmp_path_factory.mktemp("open")
    command = begun("open", "--no-browser", *downloads.values(), cwd=home, TMPDIR=str(home))
    try:
        yield Opened(command)
    finally:
        command.send_signal(signal.SIGTERM)
        command.communicate(timeout=30)
    assert command.returncode == 0
    assert list(home.iterdir()) == []  # the copies are gone


def test_it_needs_its_token_and_its_name(opened: Opened) -> None:
    assert opened.get("/api/v1/snapshots")[0] == 401
    assert opened.get("/")[0] == 303
    bearer = {"Authorization": f"Bearer {opened.token}"}
    assert opened.get("/api/v1/snapshots", **bearer, Host="evil.example")[0] == 403


def test_the_snapshots_are_compared(opened: Opened, downloads: dict[str, Path]) -> None:
    rows = opened.api("/api/v1/snapshots")[1]["snapshots"]
    assert [row["label"] for row in rows] == ["turn 1", "turn 0"]
    target, base = (row["id"] for row in rows)
    status, report = opened.api(f"/api/v1/report?base={base}&target={target}")
    sent = json.loads(downloads["report.json"].read_text())
    assert (status, report["summary"]) == (200, sent["summary"])
    assert opened.api(f"/api/v1/snapshots/{target}/heap")[0] == 200


def test_nothing_live_is_offered(opened: Opened) -> None:
    for method, path in (
        ("GET", "/api/v1/workers"),
        ("GET", "/api/v1/status"),
        ("POST", "/api/v1/snapshots"),
        ("POST", "/api/v1/watch"),
        ("POST", "/api/v1/gc/collect"),
        ("DELETE", "/api/v1/snapshots/20260101-000000-00000000"),
        ("POST", "/capture"),
    ):
        status, text = opened.get(path, method, Authorization=f"Bearer {opened.token}")
        assert status == 404, (path, text)
        assert "No live service is here" in text, path


def test_the_pages_in_a_browser(opened: Opened, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    chromium = Path("/usr/bin/chromium")
    needs(chromium.exists(), "the pages are looked at with Chromium")
    root = f"http://127.0.0.1:{opened.port}"
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        try:
            page = browser.new_page()
            broken: list[str] = []
            page.on("pageerror", lambda error: broken.append(str(error)))
            page.goto(opened.address)
            page.get_by_role("heading", name="Downloaded snapshots and reports").wait_for()
            assert page.url == f"{root}/"
            assert page.get_by_role("button", name="Capture").count() == 0
            page.screenshot(path=tmp_path / "opened.png")
            page.get_by_role("link", name="Compare first and last").click()
            page.get_by_role("link", name="Make a ticket").wait_for()
            page.get_by_role("link", name="Ownership").click()
            page.get_by_role("heading", name="Ownership: what changed").wait_for()
            page.goto(f"{root}/reports/0")
            page.get_by_role("link", name="Make a ticket").click()
            page.get_by_role("link", name="Download JSON").wait_for()
            assert page.get_by_role("link", name="Ownership").count() == 0
            assert broken == []
        finally:
            browser.close()
    assert opened.api("/api/v1/reports/7")[0] == 404
