"""The picture of a tree: its cells stand where their weight says."""

from __future__ import annotations

from itertools import pairwise

import pytest

from flask_heapview.model.stacks import Frame, Stacks, StacksBuilder
from flask_heapview.views.icicle import MAX_CELLS, MAX_ROWS, Cell, Icicle, Weighed, icicle


def tree(*paths: tuple[str, int]) -> Stacks:
    """Nodes by their path, with so many bytes each."""
    builder = StacksBuilder()
    for path, size in paths:
        builder.add([Frame(label, "dict") for label in path.split("/")], 1, size)
    return builder.build()


SHOP = tree(("app", 100), ("app/.cache", 100), ("app/.cache/[value]", 500), ("lib", 300))


def cell(picture: Icicle, name: str) -> Cell:
    return next(one for one in picture.cells if one.name == name)


def node(stacks: Stacks, name: str) -> int:
    return next(n for n in range(len(stacks)) if stacks.frame_at(n).label == name)


def test_width_is_weight_and_the_widest_stands_first() -> None:
    picture = icicle(Weighed(SHOP))
    assert [(c.name, c.row, c.left, round(c.width, 3)) for c in picture.cells] == [
        ("all", 0, 0.0, 1.0),
        ("app", 1, 0.0, 0.7),
        ("lib", 1, 0.7, 0.3),
        (".cache", 2, 0.0, 0.6),
        ("[value] dict", 3, 0.0, 0.5),
    ]
    assert (picture.rows, picture.hidden, picture.found) == (4, False, None)


def test_no_part_covers_another() -> None:
    stacks = tree(*((f"m{n % 7}/.a{n % 31}/[{n}]", 50 + n) for n in range(200)))
    cells = icicle(Weighed(stacks)).cells
    for row in range(1, 4):
        here = sorted((c for c in cells if c.row == row), key=lambda c: c.left)
        assert all(a.left + a.width <= b.left + 1e-9 for a, b in pairwise(here))
        above = [c for c in cells if c.row == row - 1]
        for c in here:
            assert any(
                a.left - 1e-9 <= c.left and c.left + c.width <= a.left + a.width + 1e-9
                for a in above
            )


def test_a_chosen_node_has_the_whole_width_below_the_way_to_it() -> None:
    picture = icicle(Weighed(SHOP), node(SHOP, ".cache"))
    assert [(c.name, c.width, c.above) for c in picture.cells] == [
        ("all", 1.0, True),
        ("app", 1.0, True),
        (".cache", 1.0, True),
        ("[value] dict", pytest.approx(500 / 600), False),
    ]


@pytest.mark.parametrize("absurd", [-7, 99])
def test_a_node_that_is_not_there_is_the_root(absurd: int) -> None:
    assert icicle(Weighed(SHOP), absurd) == icicle(Weighed(SHOP))


def test_a_difference_shows_what_came_and_went() -> None:
    """The heap is large and the growth is small: the picture is of the growth."""
    stacks = tree(("app", 10**9), ("app/.cache", 300), ("app/.old", 100), ("lib", 10**9))
    delta = [0] * len(stacks)
    delta[node(stacks, ".cache")], delta[node(stacks, ".old")] = 300, -100
    picture = icicle(Weighed(stacks, delta))
    assert picture.difference
    assert [(c.name, c.tone, c.delta, c.width) for c in picture.cells] == [
        ("all", "up", 200, 1.0),
        ("app", "up", 200, 1.0),
        (".cache", "up", 300, 0.75),
        (".old", "down", -100, 0.25),
    ]


def test_the_apps_own_stands_out() -> None:
    picture = icicle(Weighed(SHOP, own_roots={"app"}))
    assert [cell(picture, name).tone for name in ("app", ".cache", "lib")] == [
        *("own", "own", "other")
    ]
    line = SHOP.frame[node(SHOP, "lib")]
    picture = icicle(Weighed(SHOP, own_frames={line}))
    assert [cell(picture, name).tone for name in ("app", "lib")] == ["other", "own"]


def test_what_a_search_finds_is_counted_once() -> None:
    picture = icicle(Weighed(SHOP), search="dict CACHE")
    assert [c.name for c in picture.cells if c.found] == [".cache"]
    assert picture.found == pytest.approx(0.6)
    assert icicle(Weighed(SHOP), search="dict").found == 1.0
    assert icicle(Weighed(SHOP), search="nowhere").found is None


def test_nothing_has_no_picture() -> None:
    assert icicle(Weighed(Stacks())).cells == []
    assert icicle(Weighed(SHOP, [0] * len(SHOP))).cells == []


def test_a_large_or_deep_tree_is_cut_and_it_is_said() -> None:
    many = tree(*((f"m{n}/.x", 10) for n in range(1200)))
    found = icicle(Weighed(many))
    assert found.hidden
    assert len(found.cells) <= MAX_CELLS
    deep = tree(("/".join(f".n{n}" for n in range(100)), 10))
    found = icicle(Weighed(deep))
    assert (found.hidden, found.rows) == (True, MAX_ROWS + 1)
    below = icicle(Weighed(deep), node(deep, ".n29"))
    assert below.rows == 31 + MAX_ROWS


def test_a_broad_tree_does_not_hide_how_deep_the_widest_goes() -> None:
    broad = [(f"m{n}/.x/.y", 10) for n in range(800)]
    found = icicle(Weighed(tree(*broad, ("/".join(f".n{n}" for n in range(20)), 4000))))
    assert len(found.cells) <= MAX_CELLS
    assert {f".n{n}" for n in range(20)} <= {cell.name for cell in found.cells}
    places = [(cell.row, cell.left) for cell in found.cells]
    assert places == sorted(places)


def test_a_function_has_the_end_of_its_path() -> None:
    builder = StacksBuilder()
    builder.add([Frame("view", "", "/srv/shop/web/views.py", 7)], 1, 10)
    found = icicle(Weighed(builder.build())).cells[1]
    assert (found.name, found.type) == ("view  web/views.py:7", "/srv/shop/web/views.py:7")


def test_small_parts_are_left_out() -> None:
    found = icicle(Weighed(tree(("app", 1_000_000), ("dust", 100))))
    assert [c.name for c in found.cells] == ["all", "app"]
    assert found.hidden


SERVER = "endpoint shop/main/serve/handle/wsgi"
JOINED = "4 calls outside your code: main … wsgi"
SERVED = tree(
    (f"{SERVER}/view/query", 800),
    (f"{SERVER}/view", 100),
    (f"{SERVER}/other_view", 95),
    ("endpoint shop/main", 5),
)


def of_app(stacks: Stacks, *own: str) -> Weighed:
    """A tree of calls in which these functions are the app's own."""
    return Weighed(stacks, own_frames={stacks.frame[node(stacks, name)] for name in own})


def test_the_calls_that_lead_to_the_apps_own_are_one_part() -> None:
    """The root says whose they are, and stays."""
    picture = icicle(of_app(SERVED, "view", "other_view"))
    assert [(c.name, c.row, round(c.width, 3)) for c in picture.cells] == [
        ("all", 0, 1.0),
        ("endpoint shop", 1, 1.0),
        (JOINED, 2, 1.0),
        ("view", 3, 0.9),
        ("other_view", 3, 0.095),
        ("query", 4, 0.8),
    ]
    assert cell(picture, JOINED).node == node(SERVED, "main")


def test_who_opens_them_sees_each() -> None:
    picture = icicle(of_app(SERVED, "view", "other_view"), node(SERVED, "main"))
    names = ["all", "endpoint shop", "main", "serve", "handle", "wsgi"]
    assert [c.name for c in picture.cells][:6] == names


def test_they_are_one_on_the_way_to_a_view_too() -> None:
    picture = icicle(of_app(SERVED, "view"), node(SERVED, "view"))
    assert [(c.name, c.row, c.above) for c in picture.cells] == [
        ("all", 0, True),
        ("endpoint shop", 1, True),
        (JOINED, 2, True),
        ("view", 3, True),
        ("query", 4, False),
    ]


def test_a_way_that_turns_keeps_every_branch() -> None:
    """A heavy one starts another way; what turns off before stands below."""
    stacks = tree(
        ("thread/main/boot/load/app", 300),
        ("thread/main/boot/load/lib", 100),
        ("thread/main/serve/handle/wsgi/view", 600),
    )
    picture = icicle(of_app(stacks, "app", "view"))
    assert [(c.name, c.row, round(c.width, 3)) for c in picture.cells] == [
        ("all", 0, 1.0),
        ("thread", 1, 1.0),
        ("main", 2, 1.0),
        ("3 calls outside your code: serve … wsgi", 3, 0.6),
        ("boot", 3, 0.4),
        ("view", 4, 0.6),
        ("load", 4, 0.4),
        ("app", 5, 0.3),
        ("lib", 5, 0.1),
    ]


def test_what_no_code_of_the_app_called_is_shown_call_by_call() -> None:
    stacks = tree(("thread/run/work/allocate", 500), (f"{SERVER}/view", 500))
    picture = icicle(of_app(stacks, "view"))
    assert {"thread", "run", "work", "allocate"} <= {c.name for c in picture.cells}


def test_a_search_finds_what_is_joined() -> None:
    picture = icicle(of_app(SERVED, "view", "other_view"), search="handle")
    assert [c.name for c in picture.cells if c.found] == [JOINED]
    assert picture.found == pytest.approx(0.995)
