"""Cycles as rings: every step is drawn or counted, and no text lies on another."""

from __future__ import annotations

from itertools import combinations

import pytest

from flask_heapview.model.cycles import CycleGroup
from flask_heapview.views.rings import MAX_RINGS, WIDTH, Mark, Step, rings, steps_of


def group(chain: str, size: int = 100, garbage: bool = False) -> CycleGroup:
    return CycleGroup("f", chain, garbage, components=3, count=6, size=size)


def ring_of(count: int) -> str:
    names = [f"Type{n}" for n in range(count)]
    return " → ".join([*(f"{name}.next" for name in names), names[0]])


@pytest.mark.parametrize(
    ("chain", "steps"),
    [
        (
            "Order.items → list[0] → Line.order → Order",
            [Step("Order", ".items"), Step("list", "[0]"), Step("Line", ".order")],
        ),
        ("Model[int].parent → Model[int]", [Step("Model[int]", ".parent")]),
        (
            "frame local rows → list[item] → frame",
            [Step("frame", " local rows"), Step("list", "[item]")],
        ),
        ("list[3] → list", [Step("list", "[3]")]),
        ("Node", [Step("Node", "")]),
    ],
)
def test_a_written_chain_is_read(chain: str, steps: list[Step]) -> None:
    assert steps_of(chain) == steps


def texts(marks: list[Mark], kind: str) -> list[str]:
    return [mark.full for mark in marks if mark.kind == kind]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_each_step_has_a_place(count: int) -> None:
    (ring,) = rings([(group(ring_of(count)), None)])
    assert texts(ring.marks, "type") == [f"Type{n}" for n in range(count)]
    assert texts(ring.marks, "label") == [".next"] * count
    top = ring.marks[0]
    assert (top.x, top.y) == (WIDTH / 2, ring.height / 2 - ring.radius)


@pytest.mark.parametrize("count", [9, 10, 40])
def test_a_long_ring_is_shortened(count: int) -> None:
    (ring,) = rings([(group(ring_of(count)), None)])
    drawn = texts(ring.marks, "type")
    assert drawn == [f"Type{n}" for n in (0, 1, 2, 3, 4, count - 2, count - 1)]
    assert texts(ring.marks, "gap") == [f"{count - 7} more steps"]
    assert len(ring.steps) == count


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 12])
def test_texts_are_apart_and_inside(count: int) -> None:
    (ring,) = rings([(group(ring_of(count).replace("Type", "VeryLongNameOfAType")), None)])
    for one, other in combinations(ring.marks, 2):
        same_side = one.anchor == other.anchor
        assert not same_side or abs(one.text_y - other.text_y) >= 14
    for mark in ring.marks:
        wide = 7.3 * len(mark.text)  # of a character in 12 px
        left = mark.text_x - {"start": 0, "middle": wide / 2, "end": wide}[mark.anchor]
        assert left >= 0
        assert left + wide <= WIDTH
        assert 10 <= mark.text_y <= ring.height - 4


def test_the_biggest_come_first_and_no_more_than_ten() -> None:
    groups = [(group(f"A{n}.b → A{n}", size=n), None) for n in range(30)]
    assert [ring.size for ring in rings(groups)] == list(range(29, 29 - MAX_RINGS, -1))
    grown = rings([(group("A.b → A", 900), 5), (group("C.d → C", 10, garbage=True), 8)])
    assert [(ring.size_delta, ring.garbage) for ring in grown] == [(8, True), (5, False)]


def test_garbage_is_drawn_however_small() -> None:
    live = [(group(f"A{n}.b → A{n}", 1000 + n), None) for n in range(12)]
    waste = [(group(f"G{n}.b → G{n}", n, garbage=True), None) for n in range(1, 6)]
    drawn = rings([*waste, *live])
    assert [ring.size for ring in drawn] == [*range(1011, 1004, -1), 5, 4, 3]
