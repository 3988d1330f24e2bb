"""Which endpoints explain a growth that was read while requests were under way.

What these need for a while is in one reading and not in the next: it strays by itself. What the
process gains by chance adds up. Together they are the local level model (Harvey 1989, Forecasting,
Structural Time Series Models and the Kalman Filter, 2.3). Its filter turns readings into errors
that do not depend on one another, and least squares applies to those.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from .level_steps import Column
from .regression import Slope, fitted, select

# variance of what adds up between two readings / of what is needed for a while; the likelihood
# tells which. The last is as good as steps from reading to reading.
RATIOS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0)


class _Filter:
    """Takes the level out of readings, at that ratio. What adds up does so with the requests that
    are served, of which `served` tells the number between readings."""

    def __init__(self, ratio: float, served: Sequence[float]) -> None:
        mean = sum(served) / len(served)
        spread, self.log_spread = 1.0, 0.0
        self._gains: list[float] = []
        self._roots: list[float] = []
        for count in served:
            spread += ratio * count / mean
            whole = spread + 1.0
            self._gains.append(spread / whole)
            self._roots.append(math.sqrt(whole))
            self.log_spread += math.log(whole)
            spread /= whole

    def errors(self, levels: Sequence[float]) -> Column:
        """Of each reading but the first, against what those before it let expect."""
        expected, found = float(levels[0]), []
        for level, gain, root in zip(levels[1:], self._gains, self._roots, strict=True):
            found.append((level - expected) / root)
            expected += gain * (level - expected)
        return found


def rates_of_levels(
    begun: Mapping[str, Sequence[int]], levels: Sequence[int], asked: Mapping[str, float]
) -> list[Slope]:
    """Each endpoint that explains the levels, with what a request of it leaves behind and the
    standard error of that. `begun` has the requests of each up to each reading, `asked` those of
    all the time."""
    every = [sum(row) for row in zip(*begun.values(), strict=True)]
    served = [float(after - before) for before, after in itertools.pairwise(every)]
    if not sum(served):
        return []
    best: tuple[float, list[Slope]] = (-math.inf, [])
    for ratio in RATIOS:
        model = _Filter(ratio, served)
        columns = {name: model.errors(column) for name, column in begun.items()}
        growth = model.errors(levels)
        found = fitted(select(columns, growth, asked), columns, growth)
        left = _left(found, columns, growth)
        likelihood = -len(growth) / 2 * math.log(max(left, 1e-9)) - model.log_spread / 2
        best = max(best, (likelihood, found), key=lambda one: one[0])
    return best[1]


def _left(found: Sequence[Slope], columns: Mapping[str, Column], growth: Column) -> float:
    """The squares that they do not explain."""
    left = growth
    for name, slope, _ in found:
        left = [rest - slope * value for rest, value in zip(left, columns[name], strict=True)]
    return sum(value * value for value in left)
