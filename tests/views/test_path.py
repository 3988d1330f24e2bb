"""Paths from a root: split where the steps are, marked below what stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flask_heapview.model.report import Growing, PathRef, PerRequest, Suspect
from flask_heapview.model.retained import Link, ObjectDetail
from flask_heapview.views.path import (
    MAX_DRAWN_STEPS,
    Path,
    of_object,
    of_suspect,
    reference_text,
    split,
)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("app", ["app"]),
        ("app.Store.seen", ["app", ".Store", ".seen"]),
        ("thread bg: local rows", ["thread bg:", " local rows"]),
        ("thread pool-1.2 (work): local a.b", ["thread pool-1.2 (work):", " local a", ".b"]),
        ("(held from C)[ref].rows", ["(held from C)", "[ref]", ".rows"]),
        ("app.make.<locals>.kept[a.b].x", ["app", ".make", ".<locals>", ".kept", "[a.b]", ".x"]),
        ("app.f closure seen", ["app", ".f", " closure seen"]),
        (".odd", [".odd"]),
    ],
)
def test_a_dotted_path_is_split(path: str, steps: list[str]) -> None:
    assert split(path) == steps


@given(st.text(alphabet="ab.[]() :\n", min_size=1))
def test_nothing_of_a_path_is_lost(path: str) -> None:
    assert "".join(split(path)) == path


def suspect(holder: PathRef | None, kind: str = "str", objects: int = 300) -> Suspect:
    growing = Growing(kind, objects, 9000, PerRequest(1.0, 30))
    return Suspect(1, "unbounded-container", 0.9, "It grew", holder, growing)


def shown(path: Path | None) -> list[tuple[str, str, bool]]:
    assert path is not None
    return [(s.label, s.type, s.suspect) for s in (*path.first, *path.folded, *path.last)]


def test_the_entries_of_what_grows_are_suspect() -> None:
    assert shown(of_suspect(suspect(PathRef("app.cache", "dict")))) == [
        ("app", "", False),
        (".cache", "dict", False),
        ("[value]", "str", True),
    ]
    assert shown(of_suspect(suspect(PathRef("a", "collections.deque"))))[-1][0] == "[item]"
    assert shown(of_suspect(suspect(PathRef("a", "app.Tree"))))[-1][0] == "[entry]"


def test_what_has_no_entries_has_no_suspect_reference() -> None:
    path = of_suspect(suspect(PathRef("app.text", "bytearray"), objects=0))
    assert shown(path) == [("app", "", False), (".text", "bytearray", False)]
    assert path is not None
    assert not path.suspicious
    assert of_suspect(suspect(None)) is None
    assert of_suspect(suspect(PathRef(None, "str"))) is None


def detail(*way: tuple[str, str]) -> ObjectDetail:
    links = [Link(n, label, kind, 10, 10) for n, (label, kind) in enumerate(way)]
    none: list[Link] = []
    return ObjectDetail(
        *(len(way) - 1, "0x1", way[-1][1], 10, 10, 1, None, "", links, "module"),
        *(none, none, 0, none, 0, none, 0),
    )


def marked(*way: tuple[str, str]) -> list[str]:
    return [label for label, _, suspicious in shown(of_object(detail(*way))) if suspicious]


APP = (("app", "module"), (".__dict__", "dict"), (".store", "app.Store"), (".rows", "list"))


def test_below_a_container_that_stays() -> None:
    assert marked(*APP) == []
    assert marked(*APP, ("[item]", "app.Row"), (".cells", "list"), ("[item]", "str")) == [
        *("[item]", ".cells", "[item]")
    ]
    modules = (("sys.modules", "dict"), ("[value]", "module"))
    assert marked(*modules, *APP[1:], ("[item]", "app.Row")) == ["[item]"]


def test_code_is_a_plain_word_or_the_name_of_its_function() -> None:
    of_code = Link(1, "[code]", "function", 10, 10)
    assert reference_text(of_code) == "its code"
    assert reference_text(replace(of_code, name="app.page")) == "app.page"
    assert reference_text(Link(1, ".rows", "dict", 10, 10)) == ".rows"


def test_a_long_path_is_folded_in_the_middle() -> None:
    long = [(".following", "app.Node")] * 60
    path = of_object(detail(*APP, ("[item]", "app.Node"), *long))
    assert len(path.first) + len(path.last) == MAX_DRAWN_STEPS
    assert len(path.folded) == 65 - MAX_DRAWN_STEPS
    assert path.suspicious
