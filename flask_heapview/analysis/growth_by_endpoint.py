"""Which endpoints' requests explain a growth, by readings of the process's levels."""

from __future__ import annotations

from .busy_levels import rates_of_levels
from .level_steps import Figure, LevelSteps
from .regression import EndpointGrowth, explain_by_rate, named


def explain(steps: LevelSteps, figure: Figure) -> list[EndpointGrowth]:
    """The endpoints, the largest share first; none where the readings do not tell them apart, or
    explain less than half of the growth."""
    if steps.quiet:
        return explain_by_rate(steps.requests(), steps.gained(figure), figure)
    begun, levels = steps.begun(), steps.levels(figure)
    asked = {name: float(column[-1] - column[0]) for name, column in begun.items() if column}
    found = rates_of_levels(begun, levels, asked)
    return named(found, asked, sum(steps.gained(figure)), figure, len(levels))
