"""What the process took from reading to reading, between two snapshots."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import Literal

from ..model.process import Readings
from .series import NO_GROWTH, Growth, measure_growth

# of model.process.Readings
Figure = Literal["malloc", "anonymous", "files", "descriptors", "threads"]
Column = list[float]
SLICES = 4  # into which one interval is cut
MIN_READINGS = 12  # readings for that


class LevelSteps:
    """From reading to reading, those between two moments (seconds of the monotonic clock)."""

    def __init__(self, readings: Readings, begin: float, end: float) -> None:
        self._readings = readings
        self._within = [n for n, clock in enumerate(readings.clock) if begin <= clock <= end]

    def gained(self, figure: Figure) -> Column:
        """What the figure gained in each: bytes, or descriptors, or threads."""
        return self._steps(getattr(self._readings, figure))

    def requests(self) -> dict[str, Column]:
        """The requests in each, by endpoint."""
        return {name: self._steps(column) for name, column in self._readings.requests.items()}

    def _steps(self, column: Sequence[int]) -> Column:
        return [float(column[b] - column[a]) for a, b in itertools.pairwise(self._within)]

    @property
    def enough(self) -> bool:
        """Whether there are enough to tell."""
        return len(self._within) >= MIN_READINGS

    def growth(self, figure: Figure) -> Growth:
        """That of the figure in slices of as many requests each: two snapshots and what lies
        between them tell what two alone do not."""
        if not self.enough:
            return NO_GROWTH
        every = self._readings.begun()
        begun = [every[n] for n in self._within]
        ends = [begun[0] + (begun[-1] - begun[0]) * k / SLICES for k in range(SLICES + 1)]
        marks = [min(bisect.bisect_left(begun, end), len(begun) - 1) for end in ends]
        levels = getattr(self._readings, figure)
        return measure_growth(
            [begun[m] for m in marks],
            [float(levels[self._within[m]]) for m in marks],
            1,
            lumpy=True,
        )
