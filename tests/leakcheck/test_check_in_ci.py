"""`flask heapview check` as a CI server runs it: files, annotations, and only new leaks fail."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .test_checker import BARE, HEALTHY, flask

WANTED = ("--requests", "90", "--junit", "out/junit.xml", "--sarif", "out/leaks.sarif", "--github")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ci")
    (home / "shop.py").write_text(BARE + HEALTHY)
    return home


def counts(home: Path) -> tuple[str | None, str | None]:
    suite = ElementTree.parse(home / "out" / "junit.xml").getroot()
    return suite.get("tests"), suite.get("failures")


def test_a_leak_fails_until_it_is_known(shop: Path) -> None:
    done = flask(shop, "/leak/{n}", *WANTED)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error title=Memory leak%3A unbounded-container,file=shop.py,line=" in done.stdout
    assert counts(shop) == ("1", "1")
    (result,) = json.loads((shop / "out" / "leaks.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop.py"
    assert result["baselineState"] == "new"

    known = ("--baseline", "leaks.json")
    missing = flask(shop, "/leak/{n}", "--requests", "90", *known)
    assert missing.returncode == 1
    assert "Make it with --write-baseline" in missing.stderr
    assert flask(shop, "/leak/{n}", "--requests", "90", *known, "--write-baseline").returncode == 0
    again = flask(shop, "/leak/{n}", *WANTED, *known)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "::notice " in again.stdout
    assert counts(shop) == ("1", "0")
    (result,) = json.loads((shop / "out" / "leaks.sarif").read_text())["runs"][0]["results"]
    assert result["baselineState"] == "unchanged"


def test_all_routes_are_asked(shop: Path) -> None:
    (shop / "shop.py").write_text(BARE)
    done = flask(shop, "--all-routes", "--requests", "180", "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(done.stdout)
    asked = report["interval"]["endpoints"]
    assert set(asked) == {"health", "leak", "fine"}
    assert report["suspects"][0]["endpoints"][0]["endpoint"] == "leak"


def test_what_cannot_be_meant(shop: Path) -> None:
    done = flask(shop)
    assert (done.returncode, "Name a path, or --all-routes." in done.stderr) == (2, True)
    done = flask(shop, "/fine/{n}", "--write-baseline")
    assert done.returncode == 1
    assert "needs the file: --baseline FILE" in done.stderr
