"""Weighted stacks as text, a line each: the form that flamegraph.pl calls folded or collapsed.

`root;…;leaf figure`, by the stackcollapse scripts of Brendan Gregg's FlameGraph. Figures of a
difference have a sign where they are negative.
"""

from __future__ import annotations

from typing import Literal

from ..model.stacks import Frame
from .weights import Weights, name_of

Weight = Literal["bytes", "objects"]


def render(weights: Weights, weight: Weight = "bytes") -> bytes:
    """All lines. A stack whose figure is zero has none."""
    names = [_harmless(_text(frame)) for frame in weights.stacks.frames]
    lines = []
    for node, count, size in weights.rows():
        figure = size if weight == "bytes" else count
        if figure:
            lines.append(f"{';'.join(names[n] for n in weights.frames_of(node))} {figure}\n")
    return "".join(lines).encode()


def _text(frame: Frame) -> str:
    """The edge, or function and place."""
    return f"{frame.label} ({frame.file}:{frame.line})" if frame.file else name_of(frame)


def _harmless(name: str) -> str:
    """A name on one line, and without what separates frames."""
    return " ".join(name.replace(";", ":").split()) or "?"
