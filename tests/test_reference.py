"""The reference pages in docs/ are what the code says."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator

import msgspec
import pytest

import flask_heapview
from flask_heapview.cli.main import COMMANDS
from flask_heapview.config import HeapViewConfig
from flask_heapview.graphs import format as graph_format
from flask_heapview.model.report import Report
from flask_heapview.model.snapshot import Snapshot
from tools.reference import http
from tools.reference.http_calls import CALLS, PARAMETERS
from tools.reference.markdown import COMMAND
from tools.reference.pages import DOCS, PAGES
from tools.reference.structs import reached, split_facts

from .helpers import ROOT

WEB = ROOT / "flask_heapview" / "web"
FOR_PAGES = {"all", "page", "next"}  # what only pages for browsers are asked
PAGE_MODULES = {"overview.py", "sign_in.py", "pages.py", "links.py"}
READERS = {"text_field", "whole", "real"}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_current(name: str) -> None:
    written = (DOCS / name).read_text()
    assert written == PAGES[name](), f"docs/{name} is not current. Run: {COMMAND}"


def test_no_page_is_left_over() -> None:
    assert {path.name for path in DOCS.glob("reference-*.md")} == set(PAGES)


def test_every_setting_is_there() -> None:
    text = (DOCS / "reference-settings.md").read_text()
    for item in dataclasses.fields(HeapViewConfig):
        assert f"| `HEAPVIEW_{item.name.upper()}` | `{item.name}` |" in text


def test_every_command_and_public_name_is_there() -> None:
    cli, python = (DOCS / f"reference-{name}.md" for name in ("cli", "python"))
    headings = set(re.findall(r"^## (\w+)$", cli.read_text(), re.MULTILINE))
    assert {command.name for command in COMMANDS} <= headings
    assert {f"## {name}\n" in python.read_text() for name in flask_heapview.__all__} == {True}


# --- what the tool knows of the API beside the code


def test_every_call_of_the_api_is_described() -> None:
    routes = http.routes()
    calls = {route.name for route in routes if route.path.startswith("/api/v1/")} | {"metrics"}
    assert calls - {http.UNKNOWN} == set(CALLS)


def names_read(tree: ast.AST) -> Iterator[str]:
    """The names that a module of the API looks up in an address or a body."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        where = ast.unparse(node.func)
        names = [a.value for a in node.args if isinstance(a, ast.Constant)]
        if where in ("request.args.get", "sent().get") and names:
            yield str(names[0])
        elif where in READERS and names:
            yield str(names[-1])


def test_every_parameter_is_described() -> None:
    modules = [path for path in WEB.glob("*.py") if path.name not in PAGE_MODULES]
    read = {name for path in modules for name in names_read(ast.parse(path.read_text()))}
    pairs = {"base", "target", "first", "second"}  # read by a loop over names
    assert read - FOR_PAGES | pairs == set(PARAMETERS)
    assert {name for call in CALLS.values() for name in call.takes.split()} == set(PARAMETERS)


def test_a_call_of_a_worker_takes_what_its_function_reads() -> None:
    tree = ast.parse((WEB / "worker_calls.py").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name, call in http.WORKER_CALLS.items():
        read = set(names_read(functions[call.carry_out.__name__]))
        assert read | {"worker"} == set(CALLS[f"api_{name}"].takes.split()), name


# --- what the pages say of fields


def test_every_figure_of_a_report_has_its_meaning() -> None:
    """What a number counts, and in which unit, is no matter of guessing."""
    text = (DOCS / "reference-report.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (?:integer|number)[^|]* \|[^|]*\|([^|]*)\|$", text, re.M)
    bare = {name for name, meaning in rows if not meaning.strip()}
    assert len(rows) > 20
    assert bare <= {"objects", "bytes", "line", "requests"}  # they say it themselves


def test_every_struct_and_every_fact_is_there() -> None:
    report, files = (DOCS / f"reference-{name}.md" for name in ("report", "files"))
    others, facts = split_facts(reached(Report))
    for struct in others:
        assert f"### {struct.__name__}\n" in report.read_text()
    for fact in facts:
        assert f"| `{fact.__struct_config__.tag}` |" in report.read_text()
    for item in msgspec.structs.fields(Snapshot):
        assert f"| `{item.name}` |" in files.read_text()


def test_the_arrays_of_a_graph_are_in_its_page() -> None:
    text = (DOCS / "graph.md").read_text()
    named = re.findall(r"^\| `(\w+)` \| [u(]", text, re.MULTILINE)
    arrays = [*graph_format.CORE, *graph_format.ANSWERS]
    assert named == [name for name, _, _ in arrays]
    assert graph_format.SCHEMA in text
    for name, element, width in arrays:
        kinds = {"'<u8'": "u8", "'<u4'": "u4", graph_format.EDGE: "(u4, u4)"}
        assert f"| `{name}` | {kinds[element]}, each " in text
        assert width == sum(map(int, re.findall(r"\d", kinds[element])))
