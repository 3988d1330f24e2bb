"""One level of a tree of weighted stacks, for pages that drill down."""

from __future__ import annotations

from ..model.ownership import dotted
from ..model.stacks import Frame, Stacks
from .table import Row


def name_of(frame: Frame) -> str:
    """A frame for a person: the edge, or function and place."""
    if frame.file:
        return f"{frame.label}  {frame.file}:{frame.line}"
    return frame.label


def level(stacks: Stacks, node: int, *deltas: list[int]) -> list[Row]:
    """The children of a node (-1: the roots), each with all that hangs below it.

    Cells: name, type, count, size, then the sums of each column in `deltas`.
    """
    count, size = stacks.totals()
    sums = [stacks.summed(column) for column in deltas]
    children = [n for n, parent in enumerate(stacks.parent) if parent == node]
    leads = set(stacks.parent)
    rows = []
    for n in children:
        frame = stacks.frame_at(n)
        cells = [name_of(frame), frame.type, count[n], size[n], *(c[n] for c in sums)]
        rows.append(Row(cells, node=n if n in leads else -1))
    rows.sort(key=lambda row: -abs(row.cells[-1]))
    return rows


def owned(stacks: Stacks, rows: list[Row], node: int) -> list[Row]:
    """The rows of the level below a node of the ownership tree, with the paths of those that have
    one of their own."""
    above = [] if node < 0 else [frame.label for frame in stacks.stack(node)]
    for row in rows:
        path = dotted([*above, str(row.cells[0])])
        row.owner = path if path != dotted(above) else ""
    return rows


def crumbs(stacks: Stacks, node: int) -> list[tuple[int, str]]:
    """(node, name) from the root to the node."""
    if not 0 <= node < len(stacks):
        return []
    return [(n, name_of(stacks.frame_at(n))) for n in stacks.chain(node)][::-1]
