"""Memory that running functions hold: it goes with them."""

from __future__ import annotations

from ..model.ownership import FRAME, FROM_C
from ..model.snapshot import Snapshot


def passing_bytes(snapshot: Snapshot) -> int:
    """Bytes below the local variables of threads, and of what has references that no object
    accounts for: a list that is being filled lies on the stack of the function that fills it."""
    tree = snapshot.ownership.stacks
    passing = {n for n, frame in enumerate(tree.frames) if frame.label.startswith((FRAME, FROM_C))}
    inside = bytearray(len(tree.parent))
    for node, (parent, frame) in enumerate(zip(tree.parent, tree.frame, strict=True)):
        inside[node] = frame in passing or (parent >= 0 and inside[parent])
    return sum(size for size, here in zip(tree.size, inside, strict=True) if here)
