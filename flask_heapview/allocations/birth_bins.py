"""Samples by the time of their birth."""

from __future__ import annotations

from ..model.births import BINS
from .samples import LiveSample


class BirthBins:
    """Bins of equal width over `until` requests or seconds: bytes and samples in each."""

    def __init__(self, until: int, bins: int = BINS) -> None:
        self._until = until
        self.size = [0.0] * bins  # bytes, estimated
        self.samples = [0] * bins

    def put(self, born: int, live: LiveSample) -> None:
        """One sample that was born when so many of them had passed."""
        bins = len(self.size)
        at = min(max(born, 0) * bins // max(1, self._until), bins - 1)
        self.size[at] += live.bytes
        self.samples[at] += 1

    def add(self, other: BirthBins) -> None:
        """Those of another one, with the same bins."""
        self.size = [a + b for a, b in zip(self.size, other.size, strict=True)]
        self.samples = [a + b for a, b in zip(self.samples, other.samples, strict=True)]

    def sizes(self) -> tuple[int, ...]:
        """Whole bytes of each bin."""
        return tuple(map(round, self.size))
