"""Which store the commands read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from flask_heapview.cli.main import heapview
from flask_heapview.model.ownership import Ownership
from flask_heapview.model.snapshot import Requests, Snapshot, SnapshotInfo
from flask_heapview.model.stacks import Frame, Stacks
from flask_heapview.store.snapshots import Store


def filled(directory: Path, label: str) -> Path:
    """A store with one snapshot, in which nobody counts requests."""
    store = Store(directory)
    store.open()
    info = SnapshotInfo(
        id=store.new_id(),
        state="done",
        worker="1-1",
        taken_at="2026-01-01T00:00:00Z",
        label=label,
        requests=Requests(counted_by="nobody"),
    )
    store.save(Snapshot(info=info))
    return directory


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The commands in a directory without an app, and without the settings of this machine."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    monkeypatch.setattr(sys, "path", sys.path[:])  # Flask adds the directory of the app
    for name in ("FLASK_APP", "HEAPVIEW_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def invoke(*words: object, app: Flask | None = None) -> Any:
        info = ScriptInfo(create_app=None if app is None else lambda: app)
        return CliRunner().invoke(heapview, list(map(str, words)), obj=info)

    return invoke


def test_without_an_app_and_without_a_store(run: Callable[..., Any]) -> None:
    answer = run("list")
    assert answer.exit_code == 1
    assert "no process was attached to" in answer.output


def test_the_store_that_is_named(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEAPVIEW_DIR", str(filled(tmp_path / "other", "of the environment")))
    answer = run("--dir", filled(tmp_path / "store", "of the option"), "list")
    assert "of the option" in answer.output
    assert "unknown requests" in answer.output
    assert "of the environment" not in answer.output
    assert run("heap", "of the environment").exit_code == 0


def test_the_store_of_attached_processes(run: Callable[..., Any], tmp_path: Path) -> None:
    from flask_heapview.cli.stores import own_directory

    assert own_directory().parent == tmp_path
    filled(own_directory(), "attached")
    assert "attached" in run("list").output
    assert "attached" in run("list", app=Flask("bare")).output


def test_an_app_comes_before_the_environment(
    run: Callable[..., Any], app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEAPVIEW_DIR", str(filled(tmp_path / "other", "of the environment")))
    filled(app.extensions["heapview"].store.directory, "of the app")
    assert "of the app" in run("list", app=app).output


def test_a_broken_app_is_not_passed_over(run: Callable[..., Any], tmp_path: Path) -> None:
    filled(tmp_path / "store", "kept")
    Path("app.py").write_text("import no_such_module_anywhere\n")
    answer = run("list")
    assert answer.exit_code != 0
    assert "no_such_module_anywhere" in answer.output
    assert "kept" in run("--dir", tmp_path / "store", "list").output


def test_a_store_that_others_can_write_is_not_read(run: Callable[..., Any], tmp_path: Path) -> None:
    filled(tmp_path / "open", "planted").chmod(0o777)
    (tmp_path / "link").symlink_to(filled(tmp_path / "elsewhere", "planted"))
    for name, words in (("open", "chmod 700"), ("link", "not a real directory")):
        answer = run("--dir", tmp_path / name, "list")
        assert answer.exit_code == 1
        assert words in answer.output
        assert "planted" not in answer.output


def test_a_store_of_another_user_is_not_read(
    run: Callable[..., Any], tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_heapview.cli.stores import own_directory

    for place in (own_directory(), tmp_path / "named", app.extensions["heapview"].store.directory):
        filled(place, "planted")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    for words, mounted in ((["list"], None), (["--dir", tmp_path / "named", "list"], None)):
        answer = run(*words, app=mounted)
        assert answer.exit_code == 1
        assert "belongs to another user" in answer.output
        assert "planted" not in answer.output
    assert "belongs to another user" in run("heap", app=app).output


EVIL = "\x1b]0;owned\x07\x9b2J\r\n\u202eplanted"


def test_a_label_cannot_steer_the_terminal(run: Callable[..., Any], tmp_path: Path) -> None:
    directory = filled(tmp_path / "store", EVIL)
    store = Store(directory)
    (info,) = store.listing()
    frame = Frame(label=f".{EVIL}", type=EVIL)
    stacks = Stacks(frames=[frame], parent=[-1], frame=[0], count=[1], size=[1])
    store.save(Snapshot(info=info, ownership=Ownership(stacks=stacks)))
    for words in (["list"], ["ownership"], ["ownership", "--json"], ["report"]):
        answer = run("--dir", directory, *words)
        assert answer.exit_code == 0, answer.output
        shown = answer.output.replace("\n", "")
        assert shown.isprintable(), (words, answer.output)
        assert "\nplanted" not in answer.output
        if "--json" in words:
            whole = json.loads(answer.output)
            assert whole["data"]["stacks"]["frames"][0][1] == EVIL
