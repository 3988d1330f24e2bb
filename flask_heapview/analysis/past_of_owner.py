"""What one snapshot says of an owner's past: by the ages of what it holds, or by its number."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.births import NodeAges
from ..model.facts import EntryForEach, EvidenceFact, Survivors
from ..model.ownership import Site
from .finding import Case
from .growing_nodes import GrowingNode
from .level_ages import early_error, is_level
from .series import MAX_START_DEVIATION

MAX_RECENT_CONFIDENCE = 0.35  # where few of the survivors are old
MAX_COUNTED_CONFIDENCE = 0.6  # where only the number of entries tells, and no ages


class Past(msgspec.Struct, frozen=True):
    """Nothing is known of it, by default."""

    confidence: float = 1.0  # at most
    level: bool = False  # its parts differ by chance alone
    evidence: Sequence[EvidenceFact] = ()


def past_of(case: Case, owner: GrowingNode, sites: Sequence[Site]) -> Past:
    """With several snapshots there is no need for it."""
    if not case.rewound:
        return Past()
    ages = case.ages_below(owner.at)
    if ages is None:
        endpoint = sites[0].endpoint if sites else None
        said = EntryForEach(entries=owner.values[-1], endpoint=endpoint)
        return Past(confidence=MAX_COUNTED_CONFIDENCE, evidence=[said])
    if not _reaches_back(case, owner, ages):
        return Past(confidence=MAX_RECENT_CONFIDENCE, level=_is_level(case, ages))
    requests = case.target.ownership.ages.requests
    survivors = Survivors(samples=sum(ages.samples), requests=requests)
    return Past(level=_is_level(case, ages), evidence=[survivors])


def _is_level(case: Case, ages: NodeAges) -> bool:
    aged = case.target.ownership.ages.requests
    begun = case.requests[-1] - aged
    return is_level(ages, [(requests - begun) / aged for requests in case.requests])


def _reaches_back(case: Case, owner: GrowingNode, ages: NodeAges) -> bool:
    """Whether as much is there from the first requests as from the later ones. If not, it lets old
    entries go, or they came with another endpoint."""
    values, aged = owner.values, case.target.ownership.ages.requests
    first = aged - case.served
    rate = (values[-1] - values[0]) / max(1, case.served)
    error = early_error(ages, first / max(1, aged))
    return values[0] * (1 + error) >= (1 - MAX_START_DEVIATION) * rate * first
