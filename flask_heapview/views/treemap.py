"""Memory by owner and type as a picture: the area of a tile is the bytes of a type.

The form is the treemap (Shneiderman 1992), laid out in rows of tiles that are nearly square: the
squarified treemap of Bruls, Huizing and van Wijk (2000). What one owner holds stands together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from .icicle import Tone, direction

WIDTH, HEIGHT = 1000, 420  # pixels, of a window in which the tiles are as square as they can be
PHONE = (0.34, 0.6)  # of WIDTH and HEIGHT
MAX_TILES = 120  # drawn: the page stays below 100 kB for them
MIN_SHARE = 0.0005  # of the area: about 15 by 15 pixels
CHARACTER, LINE, EDGE = 7.3, 16, 8  # pixels of a label

Names = Literal["type", "owner", "module"]
Rectangle = tuple[float, float, float, float]  # left, top, width, height


class Part(msgspec.Struct, frozen=True):
    """A type, an owner, or a module with all its types."""

    name: str
    group: str  # its owner, or its module
    count: int
    size: int  # bytes now
    delta: int | None = None  # bytes that came or went; None: no difference
    leads: bool = True  # whether there is a page of its name

    @property
    def weight(self) -> int:
        return self.size if self.delta is None else abs(self.delta)


class Tile(msgspec.Struct):
    """A part in the picture; sides are shares of the picture's."""

    left: float
    top: float
    width: float
    height: float
    part: Part
    tone: Tone
    share: float  # of the area
    label: str = ""  # the name, or its end, where there is room for it
    wide: bool = False  # whether that needs a wide window
    below: bool = False  # whether the label stands below that of the group
    found: bool = False
    more: int = 0  # so many parts together, each too small for a tile of its own


class Outline(msgspec.Struct):
    """The parts of one group; in shares as a tile."""

    left: float
    top: float
    width: float
    height: float
    label: str = ""
    short: str = ""  # the label in a narrow window


class Treemap(msgspec.Struct):
    """The picture; empty where nothing has weight."""

    tiles: list[Tile]
    outlines: list[Outline]
    names: Names  # what the tiles are
    difference: bool


def by_group(parts: Sequence[Part]) -> list[Part]:
    """A part for each group. Of a difference: what its types gained, less what they lost."""
    found: dict[str, Part] = {}
    for part in parts:
        old = found.get(part.group)
        delta = part.delta
        if old is not None and old.delta is not None and delta is not None:
            delta += old.delta
        count, size = (old.count, old.size) if old is not None else (0, 0)
        found[part.group] = Part(
            part.group, part.group, count + part.count, size + part.size, delta
        )
    return list(found.values())


def squarify(weights: Sequence[float], frame: Rectangle) -> list[Rectangle]:
    """Rectangles that fill the frame, each as large as its weight; all weights are positive."""
    left, top, width, height = frame
    scale = width * height / sum(weights) if weights else 0.0
    areas = [weight * scale for weight in weights]
    found: list[Rectangle] = []
    while areas:
        side = min(width, height)
        row = _row(areas, side)
        depth = sum(row) / side
        at = 0.0
        for area in row:
            along = area / depth
            if width >= height:  # a column at the left
                found.append((left, top + at, depth, along))
            else:
                found.append((left + at, top, along, depth))
            at += along
        if width >= height:
            left, width = left + depth, max(width - depth, 1e-9)
        else:
            top, height = top + depth, max(height - depth, 1e-9)
        del areas[: len(row)]
    return found


def _row(areas: Sequence[float], side: float) -> list[float]:
    """The areas that stand beside one another: as many as make the worst of them squarer."""
    row = [areas[0]]
    for area in areas[1:]:
        if _worst([*row, area], side) > _worst(row, side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """The longest tile's ratio of its sides."""
    depth = sum(row) / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in (max(row), min(row)))


def treemap(
    parts: Sequence[Part],
    *,
    names: Names = "type",
    own: Collection[str] = (),
    search: str = "",
) -> Treemap:
    """The picture of parts, those of one group together. `own` are groups that are the app's own,
    or packages."""
    weighty = sorted((p for p in parts if p.weight > 0), key=lambda part: -part.weight)
    whole = sum(part.weight for part in weighty)
    drawn = [part for part in weighty[:MAX_TILES] if part.weight >= MIN_SHARE * whole]
    if whole and not drawn and names == "type":  # so many types that none is seen
        found = [replace(part, leads=False) for part in by_group(parts)]
        return treemap(found, names="owner", own=own, search=search)
    made = Treemap([], [], names, any(part.delta is not None for part in parts))
    if not drawn:
        return made
    rows = _rows(drawn, weighty[len(drawn) :], MIN_SHARE * whole)
    words = search.lower().split()
    frames = squarify([sum(p.weight for p, _ in row) for row in rows], (0, 0, WIDTH, HEIGHT))
    for row, frame in zip(rows, frames, strict=True):
        outline = _outline(row[0][0].group if names == "type" else "", frame)
        made.outlines.append(outline)
        for (part, more), place in zip(
            row, squarify([p.weight for p, _ in row], frame), strict=True
        ):
            below = bool(outline.label) and place[1] == frame[1]
            tile = _tile(part, place, below, own, words)
            tile.share, tile.more = part.weight / whole, more
            made.tiles.append(tile)
    return made


def _rows(
    drawn: Sequence[Part], rest: Sequence[Part], least: float
) -> list[list[tuple[Part, int]]]:
    """The parts of each group, the largest group first. Behind each part stands how many it is:
    what has no tile of its own is one part, of its group where there is room for that."""
    groups: dict[str, list[Part]] = {}
    for part in drawn:
        groups.setdefault(part.group, []).append(part)
    small: dict[str, list[Part]] = {}
    for part in rest:
        small.setdefault(part.group if part.group in groups else "", []).append(part)
    for group in [group for group in small if group]:
        if sum(part.weight for part in small[group]) < least:
            small.setdefault("", []).extend(small.pop(group))
    rows = [
        [(part, 0) for part in group]
        + ([(_together(small[name], name), len(small[name]))] if name in small else [])
        for name, group in groups.items()
    ]
    rows.sort(key=lambda row: -sum(part.weight for part, _ in row))
    if "" in small:
        rows.append([(_together(small[""], ""), len(small[""]))])
    return rows


def _together(parts: Sequence[Part], group: str) -> Part:
    """What has no tile of its own."""
    changes = [part.delta for part in parts if part.delta is not None]
    weight = sum(part.weight for part in parts)
    net = sum(changes)
    return Part(
        name=f"{len(parts):,} more",
        group=group,
        count=sum(part.count for part in parts),
        size=sum(part.size for part in parts),
        # its area is what came and went; a sum has one direction only
        delta=None if not changes else weight if net >= 0 else -weight,
        leads=False,
    )


def _outline(group: str, frame: Rectangle) -> Outline:
    words = (*_labels(group), group.rpartition(" ")[2].strip("()"))
    label = next((text for text in words if _fits(text, frame)), "")
    short = next((text for text in words if _fits(text, frame, *PHONE)), "")
    return Outline(*_shares(frame), label, short)


def _shares(place: Rectangle) -> Rectangle:
    left, top, width, height = place
    return left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT


def _tile(
    part: Part, place: Rectangle, below: bool, own: Collection[str], words: Sequence[str]
) -> Tile:
    left, top, width, height = place
    free = (left, top, width, height - LINE) if below else place
    label = next((text for text in _labels(part.name) if _fits(text, free)), "")
    return Tile(
        *_shares(place),
        part=part,
        tone=_tone(part, own),
        share=0.0,
        label=label,
        wide=not _fits(label, free, *PHONE),
        below=below,
        found=bool(words) and all(word in f"{part.name} {part.group}".lower() for word in words),
    )


def _tone(part: Part, own: Collection[str]) -> Tone:
    if part.delta is not None:
        return direction(part.delta)
    return "own" if part.group in own or part.group.partition(".")[0] in own else "other"


def _labels(name: str) -> tuple[str, str]:
    """The name, and the end of it that says most."""
    return name, name.rpartition(".")[2]


def _fits(text: str, place: Rectangle, across: float = 1.0, down: float = 1.0) -> bool:
    _, _, width, height = place
    return len(text) * CHARACTER + EDGE <= width * across and height * down >= LINE + 2
