"""What stands for an engine where none can run: it refuses captures, and says why."""

from __future__ import annotations

from ..errors import NoEngine
from ..model.snapshot import Kind
from .base import Capture, CaptureCost


class MissingEngine:
    """`why` has a sentence for each engine that is missing."""

    name = "none"
    kinds: frozenset[Kind] = frozenset()

    def __init__(self, why: str) -> None:
        self.why = f"Captures are not possible here. {why}"

    def warm_up(self) -> None:
        """Raises NoEngine."""
        raise NoEngine(self.why)

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:  # noqa: ARG002
        """A capture costs nothing: there is none."""
        return CaptureCost(bytes=0, seconds=0.0, stall_seconds=0.0)

    def capture(self, capture: Capture) -> None:  # noqa: ARG002
        """Raises NoEngine."""
        raise NoEngine(self.why)
