"""Packages that a service needs in versions of its own, each in a folder beside all others."""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

# wheels of one Python are of no use to another
CACHE = Path.home() / ".cache" / "flask-heapview" / "corpus" / str(sys.implementation.cache_tag)
PATIENCE = 300  # seconds for one package


class Unavailable(Exception):
    """A package cannot be installed here: there is no network, or no wheel for this Python."""


def search_path(packages: Iterable[str]) -> dict[str, str]:
    """The environment in which a process imports these before all others."""
    folders = [str(installed(package)) for package in packages]
    if not folders:
        return {}
    before = [path] if (path := os.environ.get("PYTHONPATH")) else []
    return {"PYTHONPATH": os.pathsep.join([*folders, *before])}


def provides(packages: Iterable[str], module: str) -> bool:
    """Whether a module is in one of these packages."""
    folders = [str(installed(package)) for package in packages]
    return importlib.machinery.PathFinder.find_spec(module.split(".")[0], folders) is not None


def installed(package: str) -> Path:
    """The folder of a package that is given as name==version, without what it depends on."""
    folder = CACHE / package.replace("==", "-")
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        fresh = Path(made) / "packages"
        _install(package, fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster
            if not folder.exists():
                raise
    return folder


def _install(package: str, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-deps", "--only-binary", ":all:", "--target", str(folder), package),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{package} was not installed within {PATIENCE} s") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(f"{package} cannot be installed: {' '.join(said[-1:])}")
