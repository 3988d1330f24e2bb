"""The pictures of a view beside its tables, other than the icicle of a tree."""

from __future__ import annotations

import msgspec

from .rings import Ring
from .timeline import Timeline


class Drawing(msgspec.Struct):
    """What is drawn above the tables. What is empty is not drawn."""

    rings: list[Ring] = []
    timeline: Timeline | None = None
