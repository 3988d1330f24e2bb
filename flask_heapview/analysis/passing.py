"""Memory that running functions hold: it goes with them."""

from __future__ import annotations

from ..model.ownership import FRAME, FROM_C
from ..model.snapshot import Snapshot


def passing_bytes(snapshot: Snapshot) -> int:
    """Bytes below the local variables of threads, and of what has references that no object
    accounts for: a list that is being filled lies on the stack of the function that fills it."""
    tree = snapshot.ownership.stacks
    return sum(tree.size[node] for node in tree.below(FRAME, FROM_C))
