"""The picture of memory by owner and type: areas are bytes, and no tile covers another."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

import pytest

from flask_heapview.render.html import environment
from flask_heapview.views.treemap import (
    HEIGHT,
    MAX_TILES,
    WIDTH,
    Part,
    Rectangle,
    Tile,
    Treemap,
    by_group,
    squarify,
    treemap,
)


def parts(count: int, seed: int = 1) -> list[Part]:
    """Types of a few owners, of sizes that lie far apart."""
    chance = random.Random(seed)
    return [
        Part(f"m{n % 9}.Type{n}", f"m{n % 9}", n, round(10 ** chance.uniform(2, 6)))
        for n in range(count)
    ]


def area(place: Rectangle) -> float:
    return place[2] * place[3]


def place(tile: Tile) -> Rectangle:
    return tile.left, tile.top, tile.width, tile.height


def overlap(one: Rectangle, other: Rectangle) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    tall = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(tall, 0.0)


@pytest.mark.parametrize("frame", [(0, 0, 600, 400), (30, 7, 40, 900), (0, 0, 1000, 3)])
@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_rectangles_fill_their_frame_in_proportion(frame: Rectangle, count: int) -> None:
    weights = sorted((part.size for part in parts(count)), reverse=True)
    found = squarify(weights, frame)
    scale = area(frame) / sum(weights)
    assert [area(one) for one in found] == pytest.approx([w * scale for w in weights], rel=1e-6)
    for one in found:
        assert overlap(one, frame) == pytest.approx(area(one), rel=1e-6)
    for one, other in itertools.combinations(found, 2):
        assert overlap(one, other) < 1e-6 * area(frame)


def test_rectangles_are_those_of_the_paper() -> None:
    """The example of Bruls, Huizing and van Wijk (2000): 6 by 4, areas 6, 6, 4, 3, 2, 2, 1."""
    found = squarify([6, 6, 4, 3, 2, 2, 1], (0, 0, 6, 4))
    assert found[0] == pytest.approx((0, 0, 3, 2))
    assert found[1] == pytest.approx((0, 2, 3, 2))
    assert found[2] == pytest.approx((3, 0, 12 / 7, 7 / 3))
    assert found[3] == pytest.approx((3 + 12 / 7, 0, 9 / 7, 7 / 3))
    ratios = [max(wide / tall, tall / wide) for _, _, wide, tall in found]
    assert max(ratios) < 3


def outlines(found: Treemap) -> list[Rectangle]:
    return [(one.left, one.top, one.width, one.height) for one in found.outlines]


def test_tiles_are_bytes_and_stand_in_their_groups() -> None:
    given = parts(60)
    found = treemap(given)
    whole = sum(part.size for part in given)
    for tile in found.tiles:
        assert area(place(tile)) == pytest.approx(tile.part.size / whole, rel=1e-6)
        assert tile.share == pytest.approx(tile.part.size / whole)
    assert sum(tile.share for tile in found.tiles) == pytest.approx(1)
    for one, other in itertools.combinations(found.tiles, 2):
        assert overlap(place(one), place(other)) < 1e-9
    for group in {tile.part.group for tile in found.tiles}:
        mine = [tile for tile in found.tiles if tile.part.group == group]
        (around,) = (o for o in outlines(found) if overlap(o, place(mine[0])) > 1e-9)
        assert sum(map(area, map(place, mine))) == pytest.approx(area(around), rel=1e-6)


def test_many_types_have_few_tiles_and_the_rest_is_one() -> None:
    given = [Part(f"m.T{n}", "m", 1, 100) for n in range(400)]
    found = treemap(given)
    assert len(found.tiles) == MAX_TILES + 1
    *drawn, rest = found.tiles
    assert not any(tile.more for tile in drawn)
    assert (rest.more, rest.part.name) == (280, "280 more")
    assert area(place(rest)) == pytest.approx(280 / 400)
    dust = treemap([Part("big", "m", 1, 10**9), Part("a", "m", 1, 5), Part("b", "n", 1, 5)])
    assert [tile.part.name for tile in dust.tiles] == ["big", "2 more"]


def test_what_is_small_stays_with_its_group() -> None:
    small = [Part(f"a.T{n}", "a", 1, 40) for n in range(10)]
    found = treemap([Part("a.Big", "a", 1, 10**6), Part("b.Big", "b", 1, 9 * 10**5), *small])
    assert [tile.part.name for tile in found.tiles] == ["a.Big", "b.Big", "10 more"]
    larger = treemap([Part("a.Big", "a", 1, 10**5), Part("b.Big", "b", 1, 9 * 10**4), *small])
    assert [(t.part.name, t.part.group, t.more) for t in larger.tiles] == [
        ("a.Big", "a", 0),
        ("10 more", "a", 10),
        ("b.Big", "b", 0),
    ]


def test_a_group_has_its_name_above_its_tiles() -> None:
    found = treemap([Part("dict", "shop.app", 1, 500), Part("str", "shop.app", 1, 500)])
    assert [(one.label, one.short) for one in found.outlines] == [("shop.app", "shop.app")]
    upper = [tile for tile in found.tiles if tile.top == 0]
    assert all(tile.below for tile in upper)
    assert 'class="owner">shop.app</text>' in html(found)
    assert "Each outline is an owner, each tile a type that it holds." in html(found)
    assert "dict: 500 B in 1 objects, held by shop.app, 50 % of the memory shown" in html(found)


def test_in_a_narrow_window_the_name_of_a_group_is_short() -> None:
    sizes = {"standard library": 500, "(cyclic garbage)": 300, "examples.shop.app": 200}
    found = treemap([Part("dict", group, 1, size) for group, size in sizes.items()])
    assert [one.label for one in found.outlines] == list(sizes)
    assert [one.short for one in found.outlines] == ["standard library", "garbage", "app"]
    assert html(found).count("narrow") == 2


def test_where_types_are_too_many_owners_are_drawn() -> None:
    given = [Part(f"m{n % 20}.T{n}", f"m{n % 20}", 1, 100) for n in range(4000)]
    found = treemap(given)
    assert found.names == "owner"
    assert {tile.part.name for tile in found.tiles} == {f"m{n}" for n in range(20)}
    assert treemap([Part(f"T{n}", f"m{n}", 1, 9) for n in range(4000)]).tiles == []


def test_a_difference_shows_what_came_and_went() -> None:
    found = treemap(
        [
            Part("app.Row", "app", 10, 10**9, 300),
            Part("app.Old", "app", 0, 0, -100),
            Part("dict", "builtins", 10, 10**9, 0),
        ]
    )
    assert [(t.part.name, t.tone, t.share) for t in found.tiles] == [
        ("app.Row", "up", 0.75),
        ("app.Old", "down", 0.25),
    ]
    assert found.difference
    (module,) = by_group([tile.part for tile in found.tiles])
    assert (module.name, module.delta, module.count) == ("app", 200, 10)


def test_the_apps_own_types_stand_out_and_so_does_what_is_searched() -> None:
    given = [Part("shop.cart.Row", "shop.cart", 1, 10), Part("dict", "builtins", 1, 5)]
    found = treemap(given, own={"shop"}, search="CART row")
    assert [(tile.tone, tile.found) for tile in found.tiles] == [("own", True), ("other", False)]


def test_a_label_is_only_where_it_fits() -> None:
    long = "shop." + "Long" * 30
    given = [Part(long, "shop", 1, 900), Part("a.B", "a", 1, 800), Part("tiny.T", "t", 1, 2)]
    labels = {tile.part.name: tile for tile in treemap(given).tiles}
    assert labels[long].label == ""
    assert (labels["a.B"].label, labels["a.B"].wide) == ("a.B", False)
    assert labels["tiny.T"].label == ""
    for tile in treemap(parts(60)).tiles:
        if tile.label:
            assert len(tile.label) * 7 <= tile.width * WIDTH
            assert tile.height * HEIGHT >= 16


@pytest.mark.parametrize("given", [[], [Part("a", "m", 0, 0)], [Part("a", "m", 1, 9, 0)]])
def test_nothing_has_no_picture(given: list[Part]) -> None:
    assert treemap(given).tiles == []


def html(found: Treemap) -> str:
    def link(**changes: Any) -> str:
        return f"?only={changes['only']}&name={changes['name']}"

    class Query:
        search = ""

    template: Any = environment().get_template("_treemap.html").module
    return str(template.tiles(found, link, Query, "table-rows"))


def test_each_tile_says_what_it_is_and_leads_to_its_rows() -> None:
    given = [Part("app.<Row>", "app", 7, 1000), *(Part(f"x{n}", "x", 1, 0) for n in range(3))]
    given += [Part("dust", "x", 1, 0), Part("grain", "y", 2, 500)]
    text = html(treemap(given))
    assert len(re.findall("<title>", text)) == 2
    assert "app.&lt;Row&gt;: 1.0 kB in 7 objects, held by app, 66.7 %" in text
    assert 'href="?only=type&amp;name=app.&lt;Row&gt;"' in text
    assert text.count('tabindex="-1"') == 1
    assert 'href="#table-rows"' in html(treemap([Part(f"t{n}", "m", 1, 9) for n in range(200)]))
