"""How a circle of references is written and told from others."""

from __future__ import annotations

import hashlib

# a capture's own machinery: its circles are not the service's
_OURS = ("flask_heapview.", "guppy.", "pympler.", "objgraph.")


def short_name(name: str) -> str:
    """The last part of a type's dotted name."""
    return name.rpartition(".")[2]


def shape_fingerprint(chain: str) -> str:
    """A stable name for a shape: positions do not matter."""
    shape = "".join("#" if c.isdigit() else c for c in chain)
    return hashlib.sha256(shape.encode()).hexdigest()[:12]


def is_ours(types: list[str]) -> bool:
    """Whether a capture itself made that circle."""
    return any(name.startswith(_OURS) for name in types)
