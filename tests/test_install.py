"""A wheel, an sdist and an editable checkout each find their templates and static files."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .installing import install, said


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    return checkout / "dist"


def works(python: Path, tmp_path: Path) -> Path:
    """Where the package lies; it mounts there, and captures with the native engine."""
    answer = said(python, tmp_path)
    assert "Sign in" in answer["login"]
    assert answer["style"] == 200
    assert answer["typed"]
    assert answer["capture"]["state"] == "done"
    assert answer["first"]["engine"] == "native", answer["first"]["why"]
    assert answer["status"]["why"] == "The native core is built, and its self-check passed."
    assert answer["status"]["build_log"] == ""
    assert "What the compiler said" not in answer["page"]
    return Path(answer["place"])


def test_a_wheel_has_the_table_of_known_leaks(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        assert "flask_heapview/analysis/known_leaks.toml" in files.namelist()


def test_a_wheel(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    place = works(install(tmp_path / "env", str(wheel)), tmp_path)
    assert "site-packages" in str(place)


@pytest.mark.slow
def test_an_sdist(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    place = works(install(tmp_path / "env", str(sdist)), tmp_path)
    assert "site-packages" in str(place)


def test_the_requirements_depend_on_the_python(built: Path) -> None:
    """The sdist says so (PEP 643): an installer has to ask setup.py, and may not read the list."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as files:
        file = files.extractfile(f"{sdist.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert file is not None
        assert b"\nDynamic: requires-dist\n" in file.read()


def test_an_editable_checkout(checkout: Path, tmp_path: Path) -> None:
    place = works(install(tmp_path / "env", "--editable", str(checkout)), tmp_path)
    assert place.is_relative_to(checkout)
