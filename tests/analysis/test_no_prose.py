"""The judge has figures; the words are render/sentences'."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ANALYSIS = Path(__file__).parents[2] / "flask_heapview" / "analysis"
MAX_BLANKS = 3


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the constants that are docstrings."""
    owners = ast.Module | ast.ClassDef | ast.FunctionDef
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def prose(text: str) -> list[str]:
    tree = ast.parse(text)
    known = docstrings(tree)
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in known
        and node.value.count(" ") > MAX_BLANKS
    ]


@pytest.mark.parametrize("path", sorted(ANALYSIS.glob("*.py")), ids=lambda path: path.stem)
def test_no_sentence_is_written_in_the_analysis(path: Path) -> None:
    assert prose(path.read_text()) == []


def test_a_sentence_would_be_found() -> None:
    written = '"""A docstring of more than three words."""\nsaid = "one two three four five"\n'
    assert prose(written) == ["one two three four five"]
