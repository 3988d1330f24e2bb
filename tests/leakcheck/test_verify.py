"""`flask heapview verify`: a real app before and after its fix, by itself and as a service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..e2e.apps import LEAKY
from ..helpers import ROOT, TOKEN
from ..live_server import serving

SHOP = """
from flask import Flask

app = Flask(__name__)
kept = {}


@app.get("/leak/<int:number>")
def leak(number):
    kept[number%LIMIT] = [str(number)] * 200
    return "kept"


@app.get("/other/<int:number>")
def other(number):
    return "fine"
"""
LEAKS, FIXED = SHOP.replace("%LIMIT", ""), SHOP.replace("LIMIT", "10")
REQUESTS = ("--requests", "150")


def flask(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop", "heapview", *words],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("verify")
    (home / "shop.py").write_text(LEAKS)
    done = flask(home, "check", "/leak/{n}", *REQUESTS, "--json")
    (home / "report.json").write_text(done.stdout)
    return home


@pytest.fixture(scope="module")
def fingerprint(shop: Path) -> str:
    (suspect,) = json.loads((shop / "report.json").read_text())["suspects"]
    assert suspect["holder"]["path"] == "shop.kept"
    return str(suspect["fingerprint"])


def test_before_the_fix_it_is_still_there(shop: Path, fingerprint: str) -> None:
    (shop / "shop.py").write_text(LEAKS)
    done = flask(shop, "verify", fingerprint, "/leak/{n}", *REQUESTS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("still there: 1.")
    assert " kB a request over 150 requests, at shop.kept." in done.stdout
    assert "188 times 200" in done.stdout


@pytest.mark.parametrize("more", [[], ["--report", "report.json"]])
def test_after_it_it_is_gone(shop: Path, fingerprint: str, more: list[str]) -> None:
    (shop / "shop.py").write_text(FIXED)
    done = flask(shop, "verify", fingerprint, "/leak/{n}", *REQUESTS, *more, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["result"], found["path"], found["whole"]) == ("gone", "shop.kept", False)
    assert abs(found["bytes_per_request"]) + found["margin_bytes"] < 100
    assert found["summary"].startswith("gone: ")
    assert (found["before"] is not None) == bool(more)


def test_too_few_requests(shop: Path, fingerprint: str) -> None:
    (shop / "shop.py").write_text(FIXED)
    done = flask(shop, "verify", fingerprint, "--all-routes", "--requests", "60")
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout.startswith("inconclusive: ")
    assert "Make more: --requests 500." in done.stdout


def test_what_cannot_be_meant(shop: Path, fingerprint: str) -> None:
    (shop / "other.json").write_text('{"schema": "x", "suspects": []}')
    (shop / "broken.json").write_text("{")
    for words, said in (
        (["12"], "16 hexadecimal digits"),
        ([fingerprint], "Name a path"),
        ([fingerprint, "/leak/1", "--report", "none.json"], "does not exist"),
        ([fingerprint, "/leak/1", "--report", "other.json"], "has no suspect"),
        ([fingerprint, "/leak/1", "--report", "broken.json"], "cannot be read"),
    ):
        done = flask(shop, "verify", *words)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr


@pytest.mark.slow
def test_a_running_service_needs_no_app(tmp_path: Path) -> None:
    """Its snapshots are fetched, and measured here."""
    home = tmp_path / "service"
    home.mkdir()
    with serving(home, LEAKY, "gthread", "--threads", "4") as server:
        place = {"HEAPVIEW_TOKEN": TOKEN}
        url = ("--url", f"http://127.0.0.1:{server.port}")
        done = flask(home, "check", "/leak/{n}", *REQUESTS, *url, "--json", **place)
        report = json.loads(done.stdout)
        (tmp_path / "report.json").write_text(done.stdout)
        known = [report["suspects"][0]["fingerprint"], *url, *REQUESTS]
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        there = flask(elsewhere, "verify", *known, "/leak/{n}", **place)
        fine = flask(elsewhere, "verify", *known, "/fine/{n}", **place)
        missed = flask(
            elsewhere, "verify", *known, "/fine/{n}", "--report", "../report.json", **place
        )
    assert there.returncode == 1, there.stdout + there.stderr
    assert "a request over 150 requests, at app.kept." in there.stdout
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "gone: " in fine.stdout
    assert missed.returncode == 3, missed.stdout + missed.stderr
    assert "No request went to leak, where the leak was: name its path." in missed.stdout
