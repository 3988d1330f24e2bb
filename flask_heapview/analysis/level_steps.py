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
BUSY_MEANS = 24  # of the readings while requests are served, at most: enough steps for a regression


class LevelSteps:
    """From reading to reading, those between two moments (seconds of the monotonic clock)."""

    def __init__(self, readings: Readings, begin: float, end: float) -> None:
        self._readings = readings
        self._within = [n for n, clock in enumerate(readings.clock) if begin <= clock <= end]
        serving = readings.serving
        alone = [n for n in self._within if not serving or not serving[n]]
        # whether there are enough of no request under way; else they are all of some
        self.quiet = len(alone) >= MIN_READINGS
        self._groups = [[n] for n in alone] if self.quiet else _groups(self._within)

    def gained(self, figure: Figure) -> Column:
        """What the figure gained in each: bytes, or descriptors, or threads."""
        return self._steps(getattr(self._readings, figure))

    def requests(self) -> dict[str, Column]:
        """The requests in each, by endpoint."""
        return {name: self._steps(column) for name, column in self._readings.requests.items()}

    def levels(self, figure: Figure) -> list[int]:
        """The figure at each reading, whatever was under way."""
        column = getattr(self._readings, figure)
        return [column[n] for n in self._within]

    def begun(self) -> dict[str, list[int]]:
        """The requests up to each of those, by endpoint."""
        columns = self._readings.requests
        return {name: [column[n] for n in self._within] for name, column in columns.items()}

    def _means(self, column: Sequence[int]) -> Column:
        return [sum(column[n] for n in group) / len(group) for group in self._groups]

    def _steps(self, column: Sequence[int]) -> Column:
        return [b - a for a, b in itertools.pairwise(self._means(column))]

    @property
    def enough(self) -> bool:
        """Whether there are enough to tell."""
        return len(self._groups) >= MIN_READINGS

    def growth(self, figure: Figure) -> Growth:
        """That of the figure in slices of as many requests each: two snapshots and what lies
        between them tell what two alone do not."""
        if not self.enough:
            return NO_GROWTH
        begun = self._means(self._readings.begun())
        ends = [begun[0] + (begun[-1] - begun[0]) * k / SLICES for k in range(SLICES + 1)]
        marks = [min(bisect.bisect_left(begun, end), len(begun) - 1) for end in ends]
        levels = self._means(getattr(self._readings, figure))
        return measure_growth([begun[m] for m in marks], [levels[m] for m in marks], 1, lumpy=True)


def _groups(within: Sequence[int]) -> list[list[int]]:
    """Readings while requests were served, in groups of as many whose means are taken: what those
    need for a while differs from reading to reading, and hardly from mean to mean."""
    size = max(1, -(-len(within) // BUSY_MEANS))
    rest = len(within) % size
    return [list(within[at : at + size]) for at in range(rest, len(within), size)]
