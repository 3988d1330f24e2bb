"""Imports run downward only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "flask_heapview"
# what each layer may import, besides itself
BELOW: dict[str, set[str]] = {
    "_version": set(),
    "errors": set(),
    "model": set(),
    "config": {"errors"},
    "fresh": {"errors"},
    "capture": {"model", "errors", "fresh"},
    "analysis": {"model", "errors"},
    "store": {"capture", "model", "errors"},
    "workers": {"model", "errors"},
    "views": {"analysis", "model"},
    "render": {"views", "model"},
    "web": {
        *("capture", "compare", "config", "errors", "model"),
        *("offline", "render", "store", "views", "workers"),
    },
    "cli": {"check_command", "compare", "errors", "model", "render", "store", "views"},
    "checking": {"analysis", "capture", "errors", "model", "store"},
    "remote": {"errors", "model"},
    "check_command": {"checking", "errors", "model", "remote", "render"},
    "pytest_plugin": {"checking"},
    "compare": {"analysis", "errors", "graphs", "model", "store", "views"},
    "offline": {"compare", "fresh", "model", "render", "store", "views"},
    "graphs": {"analysis", "errors", "model"},
    "assembly": {"capture", "errors", "graphs", "model", "store"},
    "extension": {"capture", "config", "errors", "store", "web"},
    "__init__": {"_version", "extension"},
}
OUTSIDE = {"analysis": {"gc", "flask"}, "model": {"flask", "gc"}, "capture": {"flask"}}
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> set[tuple[str, bool]]:
    """(layer or outside module, whether it is ours)."""
    found = set()
    package = ["flask_heapview", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(alias.name.split(".")[0], False) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            for alias in node.names:
                whole = ".".join([*base, *filter(None, [node.module]), alias.name]).split(".")
                if whole[0] == "flask_heapview":
                    found.add((whole[1], True))
                else:
                    found.add((whole[0], False))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downward(path: Path) -> None:
    layer = layer_of(path)
    for name, ours in imports(path):
        if ours:
            assert name == layer or name in BELOW[layer], f"{layer} must not import {name}"
        else:
            assert name not in OUTSIDE.get(layer, set()), f"{layer} must not import {name}"


def test_flask_appears_only_at_the_top() -> None:
    users = {layer_of(p) for p in FILES if ("flask", False) in imports(p)}
    assert users <= {"web", "extension", "cli", "checking", "check_command"}


def test_files_stay_small() -> None:
    lengths = {str(p): len(p.read_text().splitlines()) for p in FILES}
    assert {p: n for p, n in lengths.items() if n > 480} == {}
