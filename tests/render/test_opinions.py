"""Why two engines differ, in words, and the table of their page."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.analysis.opinions import opinions
from flask_heapview.model.heap import Heap, TypeRow
from flask_heapview.model.libraries import Distribution, Libraries
from flask_heapview.model.opinions import Opinions
from flask_heapview.model.query import TableQuery
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.render.sentences.opinions import with_opinion_sentences
from flask_heapview.views.opinions import by_type

from ..analysis.factories import snapshot

TRACKED = {"dict": 1, "list": 1, "flask_heapview.text.Own": 1}


def seen(turn: int, engine: str, packages: tuple[str, ...] = (), **counts: int) -> Snapshot:
    rows = [
        TypeRow(type=name, module="", count=n, size=n * 100, tracked=n * TRACKED.get(name, 0))
        for name, n in counts.items()
    ]
    found = snapshot(turn, 10)
    return replace(
        found,
        info=replace(found.info, engine=engine),
        heap=Heap(objects=sum(counts.values()), size=100 * sum(counts.values()), types=rows),
        libraries=Libraries(
            distributions=[Distribution(name=p, version="1", modules=[p]) for p in packages]
        ),
    )


def both() -> Opinions:
    own = "flask_heapview.text.Own"
    first = seen(0, "native, in-process", **{"int": 9, "dict": 5, "str": 50, "list": 7, own: 3})
    packages = ("guppy", "flask")
    second = seen(1, "portable", packages, int=9, dict=25, str=40, list=8)
    return with_opinion_sentences(opinions(first, second))


def test_each_difference_has_its_reason() -> None:
    found = both()
    reasons = {row.type: row.reason for row in found.types}
    assert reasons == {
        "dict": "dictionaries",
        "str": "untracked",
        "flask_heapview.text.Own": "own",
        "list": "rest",
        "int": None,
    }
    assert [row.type for row in found.types][:2] == ["dict", "str"]


def test_the_sentences() -> None:
    said = both().reasons
    assert said[0].endswith("for 1 of 5 types.")
    assert said[1].startswith("The captures are 10 s and 100 requests apart.")
    assert "imported between the captures: guppy." in said[2]
    assert said[3].startswith("The portable engine has 20 objects more (2.0 kB), of 1 type.")
    assert said[4].startswith("The portable engine has 10 objects fewer (1.0 kB), of 1 type.")
    assert "getsizeof" in said[-1]


def test_the_table() -> None:
    found = both()
    table = by_type(found, TableQuery())
    assert table.rows[0].cells == ["dict", 5, 25, 20, 500, 2500, 2000, "attributes"]
    assert table.rows[-1].cells[-1] == ""
    assert [column.title for column in table.columns][1:3] == [
        "Objects, native",
        "Objects, portable",
    ]
    searched = by_type(found, TableQuery(search="str"))
    assert [row.cells[0] for row in searched.rows] == ["str"]
