"""When the memory that is alive was allocated."""

from __future__ import annotations

import operator
from typing import Literal

from .base import Model

BINS = 16
FEWEST_BINS = 4  # that a curve is drawn with
SAMPLES_EACH = 8  # that a drawn bar rests on, on average: its error is about a third


class Births(Model, frozen=True):
    """What is alive, by the time of its birth: bins of equal width, the oldest first.

    The first bin begins where sampling began, the last one ends with the snapshot. A leak is as
    high in all of them. A bounded cache has only the latest.
    """

    by: Literal["requests", "seconds"] = "requests"  # requests are those of the endpoint
    until: int = 0  # so many of them lie in all bins together
    size: tuple[int, ...] = ()  # bytes of each bin, estimated
    samples: tuple[int, ...] = ()  # that each bin's figure rests on

    def added(self, other: Births) -> Births:
        """Those of another part of the same site's, which has the same bins."""
        return Births(
            by=self.by,
            until=self.until,
            size=tuple(map(operator.add, self.size, other.size)),
            samples=tuple(map(operator.add, self.samples, other.samples)),
        )

    @property
    def tells(self) -> bool:
        """Whether there are samples enough for a curve."""
        return sum(self.samples) >= FEWEST_BINS * SAMPLES_EACH

    @property
    def drawn(self) -> tuple[int, ...]:
        """The bytes of each bar: of few samples, several bins make one, so that their scatter does
        not look like growth that has come and gone."""
        size = self.size
        while len(size) % (2 * FEWEST_BINS) == 0 and sum(self.samples) < SAMPLES_EACH * len(size):
            size = tuple(map(operator.add, size[::2], size[1::2]))
        return size


class NodeAges(Model, frozen=True):
    """What is alive at a node of the tree, by the worker's requests at its birth."""

    node: int  # in the ownership stacks
    size: tuple[int, ...]  # bytes of each bin, estimated
    samples: tuple[int, ...]  # that each bin's figure rests on


class Ages(Model, frozen=True):
    """The ages of what the nodes of the tree hold: bins as those of Births."""

    requests: int = 0  # of the worker, in all bins together
    nodes: list[NodeAges] = []
