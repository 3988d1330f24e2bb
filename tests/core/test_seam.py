"""The seam between C and Python: one list of names, and every constant with one value."""

from __future__ import annotations

import ast
import mmap
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.graphs import format

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

import flask_heapview.core
from flask_heapview.allocations import samples
from flask_heapview.core import _core, offsets
from flask_heapview.graphs import _graph
from flask_heapview.isolation import progress_page

from ..helpers import needs

CORE = Path(flask_heapview.core.__file__).parent
GRAPHS = Path(format.__file__).parent


def names_in(body: list[ast.stmt]) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.add(node.targets[0].id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def public(module: Any) -> set[str]:
    return {name for name in vars(module) if not name.startswith("_")}


def test_the_stub_names_what_the_core_has() -> None:
    stub = ast.parse((CORE / "_core.pyi").read_text())
    assert names_in(stub.body) == public(_core)


def test_the_loader_passes_all_of_it_on() -> None:
    loader = ast.parse((CORE / "loader.py").read_text())
    classes = [node for node in ast.walk(loader) if isinstance(node, ast.ClassDef)]
    assert names_in(next(node.body for node in classes if node.name == "Core")) == public(_core)


def test_the_stub_names_what_the_graph_module_has() -> None:
    stub = ast.parse((GRAPHS / "_graph.pyi").read_text())
    assert names_in(stub.body) == public(_graph)
    figures = next(node for node in stub.body if isinstance(node, ast.ClassDef))
    assert [f.target.id for f in figures.body if isinstance(f, ast.AnnAssign)] == list(
        _graph.GraphFigures.__match_args__
    )


def test_what_both_languages_say_is_the_same() -> None:
    assert _core.NONE == _graph.NONE == samples.NONE == format.NONE
    assert samples._DOUBTFUL == _core.DOUBTFUL
    kinds = _core.TAG_OTHER, _core.TAG_ENDPOINT, _core.TAG_THREAD
    assert [samples._TAGS[kind] for kind in kinds] == ["", samples.ENDPOINT, samples.THREAD]
    assert len(format.CORE) == _core.GRAPH_ARRAYS
    assert _core.PROGRESS_BYTES == progress_page.PAGE_BYTES
    assert _core.PROGRESS_ERROR_AT == progress_page._ERROR_AT


def capture(**changes: Any) -> tuple[int, int, tuple[int, int, int]]:
    given = {
        "fd": -1,
        "type_table": offsets.type_table(_core),
        "modules": [],
        "threads": [],
        "progress": mmap.mmap(-1, _core.PROGRESS_BYTES),
        "fork": False,
        "deadline": 60.0,
        "node_limit": 100_000,
        "expected_objects": 0,
        "with_addresses": False,
        "with_keys": False,
        "graph_fd": -1,
    }
    return _core.capture(**given | changes)


def test_the_core_writes_the_page_as_it_is_read() -> None:
    """Its child cannot write the result, and says so in the page."""
    page = progress_page.ProgressPage(None)
    read_only = os.open("/dev/zero", os.O_RDONLY)
    pid, *_ = capture(progress=page.mapping, fd=read_only, fork=True)
    os.close(read_only)
    os.waitpid(pid, 0)
    assert page.started
    assert page.error
    assert "cannot write" in page.error
    assert page.progress().done > 0


def test_it_tells_what_the_c_library_has_at_the_moment_of_the_walk(tmp_path: Path) -> None:
    """What is allocated after the page's own reading, and seen by the walk, is in both."""
    page = progress_page.ProgressPage(None)
    with (tmp_path / "walk").open("wb") as file:
        asked = {"progress": page.mapping, "fd": file.fileno(), "fork": False}
        assert capture(**asked)[2] == (0, 0, 0)
        before = capture(**asked, with_malloc=True)[2]
        needs(before[1], "another allocator stands in for the C library's")
        kept = bytearray(30_000_000)
        arenas, used, free = capture(**asked, with_malloc=True)[2]
    assert used - before[1] == pytest.approx(len(kept), rel=0.05)
    assert arenas == pytest.approx(used + free, rel=0.05)


@pytest.mark.parametrize("field", ["resource_signs", "offsets", "ranks", "plain_class"])
def test_a_wrong_table_is_refused(field: str) -> None:
    table = offsets.type_table(_core)._replace(**{field: 1})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _core.look(table, [])
    with pytest.raises(TypeError):
        capture(type_table=table)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        capture(modules=[("name", sys, None)])
    with pytest.raises(TypeError):
        capture(threads=[("name", 1)])
    with pytest.raises(ValueError, match="above 0"):
        capture(node_limit=0)
    with pytest.raises(ValueError, match="above 0"):
        capture(deadline=0.0)
    with mmap.mmap(-1, 100) as page, pytest.raises(ValueError, match="too small"):
        capture(progress=page)
