"""Cycles as pictures: each shape a ring of its steps, with the names of the references between."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import atan2, degrees, sqrt
from typing import Literal

import msgspec

from ..model.cycles import CycleGroup

MAX_RINGS = 10
MIN_GARBAGE_RINGS = 3  # of these, where there is so much: it is often small beside what is alive
MAX_DRAWN_STEPS = 8  # of one ring: a longer one is shortened
STEPS_BEFORE_GAP = 5  # of a shortened ring
WIDTH = 440  # of a picture, in its own units: so are all lengths here
MIN_RADIUS = 44
LINE_HEIGHT = 17  # between two texts on one side
MARGIN = 30  # above and below the ring
TEXT_GAP = 12  # between the ring and a text
SIDE_CHARACTERS = 19  # that find room beside the widest ring
_ARROW = " → "
# a type's short name, and the label of the reference that leads on from it
_PART = re.compile(r"(.+?)((?: (?:local|closure|context) |\.)[^.\[\]]*|\[[^\[\]]*\])", re.DOTALL)


class Step(msgspec.Struct, frozen=True):
    """An object of a cycle, by its type, and the reference to the next one."""

    type: str
    label: str


class Mark(msgspec.Struct, frozen=True):
    """A type, a reference, or the gap of a shortened ring: its place and that of its text."""

    kind: Literal["type", "label", "gap"]
    text: str
    full: str  # the text before it was cut
    x: float
    y: float
    turn: float  # degrees: where an arrow points here
    text_x: float
    text_y: float
    anchor: Literal["start", "middle", "end"]


class Ring(msgspec.Struct):
    """One shape of cycle, drawn clockwise from its first step at the top."""

    steps: list[Step]
    marks: list[Mark]
    radius: int
    height: int
    garbage: bool
    components: int
    count: int  # objects
    size: int  # bytes
    size_delta: int | None = None  # bytes; None: no difference


def steps_of(chain: str) -> list[Step]:
    """The steps of a written chain: "Order.line → Line.order → Order". The last closes it."""
    parts = chain.split(_ARROW)
    found = []
    for part in parts[:-1] or parts:
        match = _PART.fullmatch(part)
        found.append(Step(match[1], match[2]) if match else Step(part, ""))
    return found


def rings(groups: Iterable[tuple[CycleGroup, int | None]]) -> list[Ring]:
    """The biggest shapes, and the biggest garbage: by bytes, or by how many bytes each has
    grown, where that is given."""

    def weight(pair: tuple[CycleGroup, int | None]) -> tuple[int, int]:
        group, grown = pair
        return (group.size if grown is None else grown), group.size

    ordered = sorted(groups, key=weight, reverse=True)
    garbage = [pair for pair in ordered if pair[0].garbage][:MIN_GARBAGE_RINGS]
    others = [pair for pair in ordered if pair not in garbage][: MAX_RINGS - len(garbage)]
    return [_ring(*pair) for pair in sorted([*garbage, *others], key=weight, reverse=True)]


def _ring(group: CycleGroup, grown: int | None) -> Ring:
    steps = steps_of(group.chain)
    stops = _stops(steps)
    radius = max(MIN_RADIUS, LINE_HEIGHT * len(stops) // 4)
    marks = [
        _mark(kind, text, *_place(number, len(stops), radius), radius)
        for number, (kind, text) in enumerate(stops)
    ]
    return Ring(
        steps=steps,
        marks=marks,
        radius=radius,
        height=2 * (radius + MARGIN),
        garbage=group.garbage,
        components=group.components,
        count=group.count,
        size=group.size,
        size_delta=grown,
    )


Stop = tuple[Literal["type", "label", "gap"], str]


def _stops(steps: list[Step]) -> list[Stop]:
    """Types and references in turn, an even number. The middle of a long ring is one gap."""
    found: list[Stop] = []
    last = len(steps) - (MAX_DRAWN_STEPS - STEPS_BEFORE_GAP - 1)
    for number, step in enumerate(steps):
        if len(steps) > MAX_DRAWN_STEPS and STEPS_BEFORE_GAP <= number < last:
            if number == STEPS_BEFORE_GAP:
                found.append(("gap", f"{last - number} more steps"))
                found.append(("label", steps[last - 1].label))
            continue
        found += [("type", step.type), ("label", step.label)]
    return found


def _place(number: int, total: int, radius: int) -> tuple[float, float]:
    """Where a stop is, seen from the centre. Both sides are evenly divided from top to bottom, so
    that no two texts meet."""
    half = total // 2
    down = number if number <= half else total - number
    y = radius * (2 * down / half - 1)
    x = sqrt(max(0.0, radius * radius - y * y))
    return (x if number <= half else -x), y


def _mark(kind: Literal["type", "label", "gap"], text: str, x: float, y: float, r: int) -> Mark:
    at_end = abs(x) < 1  # at the top or at the bottom
    room = 2 * SIDE_CHARACTERS if at_end else SIDE_CHARACTERS
    right, middle = WIDTH / 2, r + MARGIN
    if at_end:
        text_x, text_y = 0.0, (y - TEXT_GAP if y < 0 else y + TEXT_GAP + 8)
    else:
        text_x, text_y = (x + TEXT_GAP if x > 0 else x - TEXT_GAP), y + 4
    return Mark(
        kind=kind,
        text=text if len(text) <= room else text[: room - 1] + "…",
        full=text,
        x=round(right + x, 1),
        y=round(middle + y, 1),
        turn=round(degrees(atan2(y, x)) + 90, 1),
        text_x=round(right + text_x, 1),
        text_y=round(middle + text_y, 1),
        anchor="middle" if at_end else "start" if x > 0 else "end",
    )
