"""Samples by the time of their birth."""

from __future__ import annotations

import math

from ..model.births import BINS, Births
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


class SiteBirths:
    """Those of one site: by the requests of its endpoint that have begun, or by seconds."""

    def __init__(self, begun: int | None, seconds: float) -> None:
        self._by_requests = begun is not None
        self._until = begun if begun is not None else math.ceil(seconds)
        self.bins = BirthBins(self._until, min(BINS, max(1, self._until)))

    def put(self, live: LiveSample) -> None:
        """One sample; the first request is number 1, the first second number 0."""
        self.bins.put(live.own_request - 1 if self._by_requests else live.second, live)

    def births(self) -> Births:
        """As the model has them."""
        return Births(
            by="requests" if self._by_requests else "seconds",
            until=self._until,
            size=self.bins.sizes(),
            samples=tuple(self.bins.samples),
        )
