"""Weighted stacks for speedscope: its own file format, with a sampled profile for each weight.

The form is https://www.speedscope.app/file-format-schema.json. speedscope takes no negative
weights, so a difference has two profiles for each weight: what grew, and what shrank.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..model.stacks import Frame
from .weights import Weights, name_of

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def render(weights: Weights, version: str) -> bytes:
    """The whole file. `version` is ours."""
    rows = list(weights.rows())
    stacks = {node: weights.frames_of(node) for node, _, _ in rows}
    counts = [(node, count) for node, count, _ in rows]
    sizes = [(node, size) for node, _, size in rows]
    profiles = []
    for name, unit, figures in (("bytes", "bytes", sizes), ("objects", "none", counts)):
        if weights.base is None:
            profiles.append(_profile(name, unit, figures, stacks))
            continue
        shrank = [(node, -figure) for node, figure in figures]
        profiles.append(_profile(f"{name} that came", unit, figures, stacks))
        profiles.append(_profile(f"{name} that went", unit, shrank, stacks))
    return msgspec.json.encode(
        {
            "$schema": SCHEMA,
            "name": weights.title,
            "exporter": f"flask-heapview {version}",
            "activeProfileIndex": 0,
            "shared": {"frames": [_frame(frame) for frame in weights.stacks.frames]},
            "profiles": profiles,
        }
    )


def _frame(frame: Frame) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name_of(frame)}
    if frame.file:
        made |= {"file": frame.file, "line": frame.line}
    return made


def _profile(
    name: str, unit: str, figures: list[tuple[int, int]], stacks: dict[int, list[int]]
) -> dict[str, Any]:
    """One weight: the nodes where it is positive, one after another."""
    rows = [(node, figure) for node, figure in figures if figure > 0]
    return {
        "type": "sampled",
        "name": name,
        "unit": unit,
        "startValue": 0,
        "endValue": sum(figure for _, figure in rows),
        "samples": [stacks[node] for node, _ in rows],
        "weights": [figure for _, figure in rows],
    }
