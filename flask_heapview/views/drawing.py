"""The pictures of a view beside its tables, other than the icicle of a tree."""

from __future__ import annotations

import msgspec

from .rings import Ring


class Drawing(msgspec.Struct):
    """What is drawn above the tables. An empty list draws nothing."""

    rings: list[Ring] = []
