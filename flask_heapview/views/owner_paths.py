"""Nodes of the ownership tree by the path that a person would search for."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.ownership import FRAME, OTHER, dotted
from ..model.remembered import remembered
from ..model.stacks import Stacks

MAX_PATH = 2000  # characters; a chain that goes on has no paths of its own below


def path_of(stacks: Stacks, node: int) -> str:
    """The path of the nearest named owner at or above a node."""
    return dotted([frame.label for frame in stacks.stack(node)])


@remembered
def paths(stacks: Stacks) -> list[str]:
    """That of every node."""
    found: list[str] = []
    for label, parent, text in zip(_labels(stacks), stacks.parent, _texts(stacks), strict=True):
        unnamed = label.startswith(("[", OTHER)) or label == ".__dict__"
        found.append(found[parent] if unnamed and parent >= 0 else text)
    return found


@remembered
def places(stacks: Stacks) -> dict[str, list[int]]:
    """The nodes of each path, as `path_of` writes it: of those below one another the uppermost."""
    texts = _texts(stacks)
    found: dict[str, list[int]] = {}
    for node, parent in enumerate(stacks.parent):
        if parent < 0 or texts[node] != texts[parent]:
            found.setdefault(texts[node], []).append(node)
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


def _labels(stacks: Stacks) -> list[str]:
    return [stacks.frames[frame].label for frame in stacks.frame]


@remembered
def _texts(stacks: Stacks) -> list[str]:
    """All labels down to each node, without frames, which no path has."""
    texts: list[str] = []
    for label, parent in zip(_labels(stacks), stacks.parent, strict=True):
        above = texts[parent] if parent >= 0 else ""
        skipped = parent >= 0 and (label.startswith(FRAME) or len(above) > MAX_PATH)
        texts.append(above if skipped else above + label)
    return texts
