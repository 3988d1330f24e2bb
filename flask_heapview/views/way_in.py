"""The calls that lead to the app's own code, drawn as one.

Nine calls of a WSGI server and of Flask stand above every view. They are the same for all, say
nothing, and take the rows that the app's own calls need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from ..model.stacks import Stacks

MIN_CALLS = 3  # fewer are drawn one by one: joined they would save a row
MAIN_SHARE = 0.9  # of the first one's weight, that a call has to have to be joined to it


class WayIn(msgspec.Struct, frozen=True):
    """Calls that are drawn as one, the outermost first, and what is drawn below them."""

    calls: Sequence[int]
    below: Sequence[int] = ()

    def name(self, stacks: Stacks) -> str:
        """How many they are, and between which functions."""
        first, last = (stacks.frame_at(self.calls[n]).label for n in (0, -1))
        return f"{len(self.calls)} calls outside your code: {first} … {last}"


def inside_own(stacks: Stacks, own_frames: Collection[int]) -> bytearray:
    """For each node, whether it or one above it is the app's own code."""
    inside = bytearray(len(stacks))
    if not own_frames:
        return inside
    for node, (parent, frame) in enumerate(zip(stacks.parent, stacks.frame, strict=True)):
        inside[node] = frame in own_frames or (parent >= 0 and inside[parent])
    return inside


def joined_from(
    first: int, inside: bytearray, children: Mapping[int, Sequence[int]], weight: Sequence[int]
) -> WayIn | None:
    """What is drawn as one with a node; None: it is drawn by itself.

    The heaviest call is followed while nearly all of the weight goes that way. What turns off is
    drawn below, so that no weight is lost. A way that ends without a turn is shown as it is: its
    last call is the one that allocated.
    """
    calls = [first]
    while True:
        below = children.get(calls[-1])
        if not below:
            return None
        heaviest = below[0]
        if inside[heaviest] or weight[heaviest] < MAIN_SHARE * weight[first]:
            break
        calls.append(heaviest)
    if inside[first] or len(calls) < MIN_CALLS:
        return None
    taken = set(calls)
    turns = [node for call in calls for node in children[call] if node not in taken]
    return WayIn(calls, sorted(turns, key=lambda node: -weight[node]))


def way_to(chosen: int, stacks: Stacks, inside: bytearray) -> tuple[WayIn | None, list[int]]:
    """The nodes above a chosen one and itself, the outermost first, and what of them is drawn as
    one below the root. Nothing is joined on the way to what is not the app's own."""
    nodes = list(stacks.chain(chosen))[::-1]
    outside = [node for node in nodes[1:] if not inside[node]]
    if chosen < 0 or not inside[chosen] or len(outside) < MIN_CALLS:
        return None, nodes
    return WayIn(outside), [nodes[0], *nodes[1 + len(outside) :]]
