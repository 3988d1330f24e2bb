"""Imports run one way, by the table in docs/architecture.md."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flask_heapview"
FILES = sorted(PACKAGE.rglob("*.py"))
IN_THE_ROOT = {
    *("__init__", "extension", "config", "errors", "text", "request_context", "request_names"),
    "_version",
}
# a folder's files that are a room of their own
OWN_ROOMS = ("capture/base", "capture/native", "capture/portable")
# packages from outside that a room must not import
BANNED = {"analysis": {"gc", "flask"}, "model": {"gc", "flask"}}
FLASK_USERS = {"web", "service", "extension", "cli", "leakcheck"}
MAX_LINES, MAX_FUNCTION_LINES = 400, 50
C_FUNCTION = re.compile(r"^[a-zA-Z_][^;={}#]*\)\s*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def table() -> dict[str, list[str]]:
    """Each room, in the table's order, with those that it may import."""
    rows = re.findall(
        r"^\| `(\S+)` \|(.*)\|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
    )
    return {room: re.findall(r"`([^`]+)`", allowed) for room, allowed in rows}


ALLOWED = table()


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module, given as the parts of its dotted name within the package."""
    return next((r for r in OWN_ROOMS if "/".join(parts[:2]) == r), parts[0])


def parts_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


@cache
def imports(path: Path) -> set[tuple[str, bool]]:
    """(room or outside module, whether it is ours)."""
    found: set[tuple[str, bool]] = set()
    package = ["flask_heapview", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = node.module.split(".") if node.module else []
            names = [[*base, *module, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            ours = name[0] == "flask_heapview"
            found.add((room_of(tuple(name[1:])) if ours else name[0], ours))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_what_its_room_may(path: Path) -> None:
    room = room_of(parts_of(path))
    assert room in ALLOWED, f"docs/architecture.md has no row for {room}"
    for name, ours in imports(path):
        if ours:
            assert name == room or name in ALLOWED[room], f"{room} must not import {name}"
        else:
            assert name not in BANNED.get(room, set()), f"{room} must not import {name}"


def test_the_table_has_every_room_and_runs_one_way() -> None:
    rooms = list(ALLOWED)
    assert set(rooms) == {room_of(parts_of(path)) for path in FILES}
    for place, room in enumerate(rooms):
        upward = [name for name in ALLOWED[room] if rooms.index(name) <= place]
        assert not upward, f"{room} must not import {upward}: they stand above it"


def test_the_table_allows_nothing_that_nobody_needs() -> None:
    used: dict[str, set[str]] = {room: set() for room in ALLOWED}
    for path in FILES:
        used[room_of(parts_of(path))] |= {name for name, ours in imports(path) if ours}
    spare = {room: set(allowed) - used[room] for room, allowed in ALLOWED.items()}
    assert {room: names for room, names in spare.items() if names} == {}


def test_the_root_holds_only_what_everybody_needs() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == IN_THE_ROOT


def test_flask_appears_only_at_the_top() -> None:
    users = {room_of(parts_of(p)) for p in FILES if ("flask", False) in imports(p)}
    assert users <= FLASK_USERS


def test_what_may_be_missing_is_needed_by_the_portable_engine_alone() -> None:
    """guppy3 does not build everywhere, and nothing else may fail for want of it."""
    for package in ("guppy", "objgraph", "pympler"):
        users = {room_of(parts_of(p)) for p in FILES if (package, False) in imports(p)}
        assert users <= {"capture/portable"}, package


def sources() -> list[Path]:
    found = chain.from_iterable(
        (ROOT / folder).rglob(pattern)
        for folder in ("flask_heapview", "tests", "examples", "benchmarks")
        for pattern in ("*.py", "*.c", "*.h", "*.js")
    )
    return sorted(found)


def test_files_stay_small() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in sources()}
    assert {p: n for p, n in lengths.items() if n > MAX_LINES} == {}


def function_lengths(path: Path) -> dict[str, int]:
    text = path.read_text()
    if path.suffix in (".c", ".h"):
        return {
            m[0].split("(")[0].split()[-1]: m[0].count("\n") + 1 for m in C_FUNCTION.finditer(text)
        }
    if path.suffix != ".py":
        return {}
    return {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_stay_small() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in sources()
        for name, lines in function_lengths(path).items()
        if lines > MAX_FUNCTION_LINES
    }
    assert found == {}
