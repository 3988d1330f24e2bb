"""Types by who holds them: each object of the ownership tree is in one part."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.model.heap import Heap, TypeRow
from flask_heapview.model.ownership import SMALL, Ownership
from flask_heapview.model.query import TableQuery
from flask_heapview.model.stacks import Frame, StacksBuilder
from flask_heapview.views.heap import VIEW
from flask_heapview.views.owned_types import (
    MERGED,
    MODULES,
    STANDARD_LIBRARY,
    UNKNOWN,
    by_type,
    of_types,
    owner_of,
)
from flask_heapview.views.treemap import Part, Treemap

from ..analysis.factories import snapshot

APP = Frame("shop.app", "module")


def owned(rows: int) -> Ownership:
    """So many lists in the app; a library and the standard library have a dict each."""
    made = StacksBuilder()
    made.add([APP], 3, 30)
    made.add([APP, Frame(".rows", "list")], rows, 100 * rows)
    made.add([APP, Frame(SMALL)], 2, 20)
    made.add([Frame("pantry.shelf", "module"), Frame(".jars", "dict")], 1, 500)
    made.add([Frame("json.decoder", "module"), Frame(".memo", "dict")], 1, 70)
    return Ownership(stacks=made.build(), app_roots=["shop.app"])


def shown(parts: list[Part]) -> dict[tuple[str, str], tuple[int, int, int | None]]:
    return {(part.group, part.name): (part.count, part.size, part.delta) for part in parts}


def test_whose_a_root_is() -> None:
    assert owner_of("shop.app", ["shop.app"]) == "shop.app"
    assert owner_of("pantry.shelf", ["shop.app"]) == "pantry"
    assert owner_of("json.decoder", []) == STANDARD_LIBRARY
    assert owner_of("(cyclic garbage)", []) == "(cyclic garbage)"
    assert owner_of("thread pool-1.2:", []) == "thread pool-1.2:"


def test_each_object_is_in_one_part() -> None:
    assert shown(by_type(None, owned(4))) == {
        ("shop.app", MODULES): (3, 30, None),
        ("shop.app", "list"): (4, 400, None),
        ("shop.app", MERGED): (2, 20, None),
        ("pantry", "dict"): (1, 500, None),
        (STANDARD_LIBRARY, "dict"): (1, 70, None),
    }


def test_a_difference_is_of_the_same_owners() -> None:
    found = shown(by_type(owned(4), owned(9)))
    assert found["shop.app", "list"] == (9, 900, 500)
    assert found["pantry", "dict"] == (1, 500, 0)


def test_of_one_type_it_is_said_how_much_has_no_owner() -> None:
    found = of_types(None, owned(4), {"dict"}, (5, 700))
    assert [(part.name, part.size) for part in found] == [
        ("pantry", 500),
        (STANDARD_LIBRARY, 70),
        (UNKNOWN, 130),
    ]
    assert UNKNOWN not in {part.name for part in of_types(owned(1), owned(4), {"dict"}, (5, 700))}


def drawn(asked: TableQuery) -> Treemap:
    rows = [TypeRow("dict", "builtins", 2, 570, 2), TypeRow("shop.Row", "shop", 1, 9, 1)]
    last = replace(snapshot(1, 10), heap=Heap(3, 579, rows), ownership=owned(4))
    assert VIEW.treemap is not None
    return VIEW.treemap(last.heap, last, asked)


def test_the_page_of_the_heap_draws_owners() -> None:
    by_owner = drawn(TableQuery())
    assert by_owner.names == "type"
    assert {tile.part.group for tile in by_owner.tiles} == {"shop.app", "pantry", STANDARD_LIBRARY}
    assert {tile.tone for tile in by_owner.tiles if tile.part.group == "shop.app"} == {"own"}
    of_one = drawn(TableQuery(only="type", name="dict"))
    assert [tile.part.name for tile in of_one.tiles] == ["pantry", STANDARD_LIBRARY]
    modules = drawn(TableQuery(group="module"))
    assert [tile.part.name for tile in modules.tiles] == ["dict", "shop"]
