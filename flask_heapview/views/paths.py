"""Nodes of the ownership tree by the path that a person would search for."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.ownership import FRAME, dotted
from ..model.stacks import Stacks


def path_of(stacks: Stacks, node: int) -> str:
    """The path of the nearest named owner at or above a node."""
    return dotted([frame.label for frame in stacks.stack(node)])


def places(stacks: Stacks) -> dict[str, list[int]]:
    """The nodes of each path, as `path_of` writes it: of those below one another the uppermost."""
    texts: list[str] = []
    found: dict[str, list[int]] = {}
    for node, parent in enumerate(stacks.parent):
        label = stacks.frame_at(node).label
        above = texts[parent] if parent >= 0 else ""
        text = above if label.startswith(FRAME) and parent >= 0 else above + label
        texts.append(text)
        if parent < 0 or text != above:
            found.setdefault(text, []).append(node)
    return found


def nodes_of(stacks: Stacks, path: str) -> list[int]:
    """The nodes of one path; none where the tree has no such path."""
    return places(stacks).get(path, [])


def with_ancestors(stacks: Stacks, nodes: Iterable[int]) -> set[int]:
    """The nodes, and all above them."""
    found: set[int] = set()
    for node in nodes:
        for above in stacks.chain(node):
            if above in found:
                break
            found.add(above)
    return found
