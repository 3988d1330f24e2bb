"""The walk's file: read by docs/walk-file.md alone, and refused where it is damaged."""

from __future__ import annotations

import mmap
import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import ROOT

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

from flask_heapview.capture.native import walk_file
from flask_heapview.core import _core, offsets
from flask_heapview.core.arguments import ModuleRoot, ThreadName

DOCUMENT = (ROOT / "docs/walk-file.md").read_text()
MAGIC = bytes.fromhex("89 48 56 57 41 4c 4b 0a")
NONE = 4294967295
END_OF_ROWS = object()

Document = dict[str, dict[str, Any]]  # what the file says, by section and field
Begins = dict[str, int]  # where each section begins, in bytes

# --- a reader that knows nothing but the document: it interprets the lines of its grammar


class Field(NamedTuple):
    """One field of a row: of a plain type, or of rows (`shape` and their fields)."""

    name: str
    shape: str
    fields: list[Field]


def grammar() -> dict[str, list[Field]]:
    """The sections in their order, as the document has them."""
    lines = re.search(r"```walk-file\n(.*?)```", DOCUMENT, re.S)
    assert lines is not None
    found = {}
    for line in lines[1].splitlines():
        tag, _, rest = line.partition(" ")
        tokens = iter(re.findall(r"\w+:|\w+\*\(|\?\(|\w+|[\[{\]})]", rest))
        found[tag] = list(fields(tokens))
    return found


def fields(tokens: Iterator[str]) -> Iterator[Field]:
    for token in tokens:
        if token in "]})":
            return
        shape = next(tokens)
        rows = shape.endswith(("[", "{", "("))
        yield Field(token.rstrip(":"), shape, list(fields(tokens)) if rows else [])


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def bytes(self, length: int) -> bytes:
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, form: str) -> Any:
        size = int(form[1])
        if form[0] == "f":
            return struct.unpack("=d", self.bytes(size))[0]
        return int.from_bytes(self.bytes(size), sys.byteorder, signed=form[0] == "i")

    def text(self) -> str:
        return self.bytes(self.number("u4")).decode("utf-8", "surrogatepass")

    def key(self) -> Any:
        kind = self.number("u1")
        if kind == ord("s"):
            return self.text()
        if kind == ord("b"):
            return self.bytes(self.number("u4"))
        return self.number("i8") if kind else END_OF_ROWS

    def value(self, field: Field) -> Any:
        if field.shape == "[":
            return [self.row(field.fields) for _ in range(self.number("u4"))]
        if field.shape == "{":
            return list(self.rows_to_zero(field.fields))
        if field.shape == "?(":
            return self.row(field.fields) if self.number("u4") else None
        if field.shape.endswith("*("):
            return [self.row(field.fields) for _ in range(int(field.shape[:-2]))]
        plain: dict[str, Callable[[], Any]] = {"text": self.text, "key": self.key}
        return plain[field.shape]() if field.shape in plain else self.number(field.shape)

    def rows_to_zero(self, fields: list[Field]) -> Iterator[dict[str, Any]]:
        while (first := self.value(fields[0])) is not END_OF_ROWS:
            if fields[0].shape == "u4" and first == 0:
                return
            yield {fields[0].name: first, **self.row(fields[1:])}

    def row(self, fields: list[Field]) -> dict[str, Any]:
        return {field.name: self.value(field) for field in fields}


def read_by_the_document(data: bytes) -> tuple[Document, Begins]:
    """The sections by their tags, and where each begins."""
    reader = Reader(data)
    assert reader.bytes(8) == MAGIC
    assert reader.number("u4") == _core.WALK_VERSION
    found, begins = {}, {}
    for tag, section in grammar().items():
        begins[tag] = reader.at
        assert reader.bytes(4).decode() == tag
        found[tag] = reader.row(section)
    assert reader.at == len(data)
    return found, begins


# --- a walk with something in every section


class Loop:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    module = sys.modules[__name__]
    kept = vars(module)
    kept["numbers"] = {n: [str(n)] for n in range(50)}
    kept["strings"] = {"a": 1, "b" * 900: 2, "\ud800": 3, **{f"key{n}": n for n in range(50)}}
    kept["others"] = {b"bytes": 1, **{(n,): n for n in range(20)}}
    kept["loops"] = [Loop() for _ in range(3)]
    path = tmp_path_factory.mktemp("walk") / "walk"
    with path.open("wb+") as file, path.with_suffix(".graph").open("wb+") as graph:
        _core.sampling_start(ContextVar("endpoint", default=None), {}, sample_bytes=1000.0)
        kept["blocks"] = {n: bytes(5000) for n in range(100)}
        try:
            _core.capture(
                file.fileno(),
                offsets.type_table(_core),
                [ModuleRoot(__name__, module, vars(module), 0), ModuleRoot("sys", sys, None, 2)],
                [ThreadName(1, "a thread")],
                progress=mmap.mmap(-1, _core.PROGRESS_BYTES),
                fork=False,
                deadline=60.0,
                node_limit=100_000,
                expected_objects=0,
                with_addresses=True,
                with_keys=True,
                graph_fd=graph.fileno(),
            )
        finally:
            _core.sampling_stop()
        assert os.fstat(graph.fileno()).st_size > 0
    return path.read_bytes()


@pytest.fixture(scope="module")
def document(walk: bytes) -> Document:
    return read_by_the_document(walk)[0]


@pytest.fixture(scope="module")
def begins(walk: bytes) -> Begins:
    return read_by_the_document(walk)[1]


def rows(structs: list[Any]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(one, name) for name in one.__struct_fields__) for one in structs]


def test_two_readers_agree(document: Document, walk: bytes) -> None:
    ours = walk_file.parse_walk(walk)
    total, cycles, graph = document["TOTL"], document["CYCL"], document["GRPH"]
    assert list(total.values()) == [
        *(ours.visited, ours.large, ours.small, ours.truncated),
        *(ours.garbage_objects, ours.garbage_node),
    ]
    affixes = (
        *("{}", ".{}", " local {}", " closure {}", " in {}", " context {}", "{}"),
        *("thread {}:", "[{}]"),
    )
    labels = [affixes[one["form"]].format(one["name"]) for one in document["LABL"]["labels"]]
    assert [a for a, b in zip(labels, ours.labels, strict=True) if a != b and a.isascii()] == []
    assert [tuple(t.values())[2:] for t in document["TYPE"]["types"]] == [
        row[2:] for row in rows(ours.types)
    ]
    assert [t["name"] for t in document["TYPE"]["types"] if t["module"] == "builtins"] == [
        t.name for t in ours.types if t.module == "builtins"
    ]
    for tag, name, found in (
        ("NODE", "nodes", ours.nodes),
        ("CONT", "containers", ours.collects),
        ("CACH", "caches", ours.caches),
        ("OPEN", "open", ours.open),
    ):
        assert [tuple(one.values()) for one in document[tag][name]] == rows(found)
    assert [c["count"] for c in cycles["cycles"]] == [c.count for c in ours.cycles]
    assert [rows(c.chain) for c in ours.cycles] == [
        [tuple(step.values()) for step in c["chain"]] for c in cycles["cycles"]
    ]
    assert document["ALOC"]["private"] == ours.private
    assert [tuple(place.values()) for place in graph["arrays"]] == ours.graph.places
    assert [tuple(m.values()) for m in graph["modules"]] == ours.graph.modules
    sampler = document["SAMP"]["sampler"]
    assert ours.sampler is not None
    assert [tuple(one.values()) for one in sampler["live"]] == rows(ours.sampler.live)
    assert [one["bytes"] for one in sampler["entries"]] == [e.bytes for e in ours.sampler.entries]


def test_keys_and_newest_entries(document: Document, walk: bytes) -> None:
    ours = walk_file.parse_walk(walk)
    keys: dict[int, list[Any]] = {}
    for row in document["KEYS"]["keys"]:
        keys.setdefault(row["place"], []).extend(one["key"] for one in row["keys"])
    assert keys == ours.keys
    written = [key for found in keys.values() for key in found]
    assert {"a", "\ud800", b"bytes", 7} <= {*written}
    assert max(len(key) for key in written if isinstance(key, str)) in range(690, 701)
    blocks = [
        (block["address"], block["size"])
        for row in document["ENTR"]["samples"]
        for entry in row["entries"]
        for block in entry["blocks"]
    ]
    assert blocks == [b for found in ours.samples.values() for e in found for b in e.blocks]
    assert len(blocks) > 100


def test_what_a_walk_finds_is_in_the_file(document: Document, walk: bytes) -> None:
    nodes, labels = document["NODE"]["nodes"], document["LABL"]["labels"]
    assert sum(node["count"] for node in nodes) == document["TOTL"]["objects"]
    assert all(n["parent"] == NONE or n["parent"] < at for at, n in enumerate(nodes))
    roots = {labels[n["label"]]["name"]: n["rank"] for n in nodes if n["parent"] == NONE}
    assert roots[__name__] == 0
    assert roots["(interpreter)"] == 3
    types = document["TYPE"]["types"]
    loop = next(n for n, t in enumerate(types) if t["name"] == Loop.__qualname__)
    assert types[loop]["count"] == 3
    assert sum(t["count"] for t in types) == document["TOTL"]["objects"]
    circles = [c for c in document["CYCL"]["cycles"] if c["types"][0]["type"] == loop]
    assert [(c["components"], c["count"], len(c["chain"])) for c in circles] == [(3, 3, 1)]


# --- damage


def test_a_file_cut_short_is_refused(walk: bytes, begins: Begins) -> None:
    for length in (0, 7, 8, 12, *begins.values(), *range(13, len(walk), len(walk) // 50)):
        with pytest.raises(ValueError, match=r"is not a walk file|is cut short"):
            walk_file.parse_walk(walk[:length])


@pytest.mark.parametrize("tag", [tag for tag in grammar() if tag != "END."])
def test_a_section_that_is_missing_is_named(walk: bytes, begins: Begins, tag: str) -> None:
    following = [*begins][[*begins].index(tag) + 1]
    broken = walk[: begins[tag]] + walk[begins[following] :]
    with pytest.raises(ValueError, match=rf"damaged: b'{following}' stands at byte.*b'{tag}'"):
        walk_file.parse_walk(broken)


@pytest.mark.parametrize("tag", ["LABL", "TYPE", "NODE", "CONT", "CACH", "OPEN"])
@pytest.mark.parametrize("count", [0, 1, 0xFFFF_FFFF])
def test_a_wrong_number_of_rows_is_noticed(
    walk: bytes, begins: Begins, tag: str, count: int
) -> None:
    at = begins[tag] + 4
    if walk[at : at + 4] == count.to_bytes(4, sys.byteorder):
        count += 1
    broken = walk[:at] + count.to_bytes(4, sys.byteorder) + walk[at + 4 :]
    with pytest.raises(ValueError, match="the walk file is damaged"):
        walk_file.parse_walk(broken)


@pytest.mark.parametrize("field", [0, 4, 8, 30])
def test_a_node_that_leads_nowhere_is_noticed(walk: bytes, begins: Begins, field: int) -> None:
    """Its parent, label, type or containers, by their bytes in the row."""
    at = begins["NODE"] + 8 + field
    broken = walk[:at] + (NONE - 1).to_bytes(4, sys.byteorder) + walk[at + 4 :]
    with pytest.raises(ValueError, match="node 0 refers to a missing entry"):
        walk_file.parse_walk(broken)


def test_another_version_is_refused(walk: bytes) -> None:
    version = _core.WALK_VERSION
    later = walk[:8] + (version + 1).to_bytes(4, sys.byteorder) + walk[12:]
    with pytest.raises(ValueError, match=f"it has version {version + 1}, not {version}"):
        walk_file.parse_walk(later)
    with pytest.raises(ValueError, match="this is not a walk file"):
        walk_file.parse_walk(b"HVRAW001" + walk[8:])


def test_the_document_names_the_constants() -> None:
    assert MAGIC == _core.WALK_MAGIC
    assert f"`u4`: {_core.WALK_VERSION}." in DOCUMENT
    forms = dict(re.findall(r"^\| (\d) \| `(.*?)` \|", DOCUMENT, re.M))
    assert {int(form): text for form, text in forms.items()} == {
        form: f"{before}name{after}" for form, (before, after) in walk_file._AFFIXES.items()
    }
