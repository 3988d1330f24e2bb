"""A wheel, an sdist and an editable checkout each find their templates and static files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from .helpers import ROOT

CHECK = """
import flask, pathlib, sys
import flask_heapview
from flask_heapview import HeapView
app = flask.Flask("shop")
HeapView(app, token="a-token-for-the-tests", dir=sys.argv[1])
client = app.test_client()
assert "Sign in" in client.get("/_debug/memory/login").text
assert client.get("/_debug/memory/static/heapview.css").status_code == 200
headers = {"Authorization": "Bearer a-token-for-the-tests"}
page = client.get("/_debug/memory/", headers=headers)
assert page.status_code == 200, page.text
assert "Take a first snapshot" in page.text
assert pathlib.Path(flask_heapview.__file__).with_name("py.typed").exists()
from flask_heapview.capture.select import select_engine
engine = select_engine("auto")
engine.warm_up()
print(flask_heapview.__file__, engine.name, engine.why, sep="|")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone holds."""
    place = tmp_path_factory.mktemp("clone") / "flask-heapview"
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", "dist"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    return checkout / "dist"


def install(home: Path, *what: str, **env: str) -> Path:
    """A new environment that sees our own dependencies, but not our own package."""
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = next((home / "lib").glob("python*/site-packages"))
    ours = Path(sys.prefix) / "lib" / site.parent.name / "site-packages"
    for entry in ours.iterdir():
        if not entry.name.lower().startswith(("flask_heapview", "__editable__", "pip")):
            (site / entry.name).symlink_to(entry)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"),
            *("--no-deps", "--no-build-isolation", *what),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, **env},
    )
    return python


def works(python: Path, tmp_path: Path, engine: str = "native") -> Path:
    """Where the package lies; it mounts there, and has that engine."""
    done = subprocess.run(
        [str(python), "-c", CHECK, str(tmp_path / "h")],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    place, name, why = done.stdout.strip().split("|")
    assert name == engine, why
    assert engine == "native" or "compiler" in why
    return Path(place)


def test_a_wheel(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    place = works(install(tmp_path / "env", str(wheel)), tmp_path)
    assert "site-packages" in str(place)


def test_an_sdist(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    place = works(install(tmp_path / "env", str(sdist)), tmp_path)
    assert "site-packages" in str(place)


def test_an_editable_checkout(checkout: Path, tmp_path: Path) -> None:
    place = works(install(tmp_path / "env", "--editable", str(checkout)), tmp_path)
    assert place.is_relative_to(checkout)


def test_without_a_compiler(checkout: Path, tmp_path: Path) -> None:
    """It installs all the same, and says that the portable engine is used, and why."""
    sources = tmp_path / "sources"
    shutil.copytree(checkout, sources, ignore=shutil.ignore_patterns("*.so", "build", "*.egg-info"))
    python = install(tmp_path / "env", str(sources), CC="/nonexistent/cc")
    assert "site-packages" in str(works(python, tmp_path, "portable"))
