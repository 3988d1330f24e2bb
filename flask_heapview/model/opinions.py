"""Two engines on one worker: the totals by type of each, where they differ, and why."""

from __future__ import annotations

from typing import Literal

from .base import Model
from .fact import Fact
from .snapshot import SnapshotInfo

SCHEMA = "flask-heapview/opinions/1"
Reason = Literal["dictionaries", "own", "untracked", "rest"]


class TypesAgree(Fact, frozen=True):
    """Types of which both engines give as many objects, of the same size."""

    types: int
    of: int  # all that either engine found


class TakenApart(Fact, frozen=True):
    """What came or went between the two captures."""

    seconds: float
    requests: int | None  # None where nobody counts them


class PackagesImported(Fact, frozen=True):
    """Packages of the portable engine that were imported between the two captures."""

    packages: list[str]


class SizesHaveHeaders(Fact, frozen=True):
    """What a size is, in both."""


class DiffersFor(Fact, frozen=True):
    """What the second engine found more than the first, for one reason. Less is negative."""

    reason: Reason
    first: str  # the engines' names
    second: str
    types: int
    objects: int
    bytes: int


OpinionFact = TypesAgree | TakenApart | PackagesImported | SizesHaveHeaders | DiffersFor


class TypeOpinions(Model, frozen=True):
    """One type, as each engine sees it (sizes in bytes, shallow)."""

    type: str
    first_objects: int
    second_objects: int
    first_bytes: int
    second_bytes: int
    reason: Reason | None = None  # None where they agree


class Opinions(Model, frozen=True):
    schema: str
    first: SnapshotInfo
    second: SnapshotInfo
    first_objects: int
    second_objects: int
    first_bytes: int  # shallow size of all objects
    second_bytes: int
    types: list[TypeOpinions]  # the largest difference in bytes first
    facts: list[OpinionFact]
    reasons: list[str] = []  # the words of the facts, one for one
