"""A suspect in the making, and the case it belongs to."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

import msgspec

from ..model.births import NodeAges
from ..model.facts import ContainerGrew, EntryRate, EvidenceFact, SameGrowthAt, SuspectFact
from ..model.ownership import Site
from ..model.report import MIN_LEAK_CONFIDENCE, Cause
from ..model.snapshot import Snapshot
from .exposure import counted, exposure
from .growing_nodes import GrownHeap, compare_trees
from .level_steps import Figure, LevelSteps
from .passing import passing_bytes
from .regression import EndpointGrowth
from .series import NO_GROWTH, Growth, measure_growth
from .shadows import is_below, is_weak, same_leak

MB = 1_000_000
MAX_PLACES = 5  # that are named where the same growth shows


class Finding(msgspec.Struct):
    """A suspect in the making."""

    cause: Cause
    confidence: float
    summary: SuspectFact
    path: str | None
    type: str
    growing: str
    objects: float
    bytes: float
    per_request: float
    sites: list[Site]
    evidence: list[EvidenceFact]
    app: bool = False
    # of owners: the nodes from the root of the tree down to each of them, and its bytes
    parts: list[tuple[tuple[int, ...], int]] = []
    steps: list[float] = []  # what it gained in each interval, of owners
    figure: Figure | None = "malloc"  # of the process, that grows with it
    explained: list[EndpointGrowth] = []  # by the requests of endpoints that leak nothing else
    hanging: float = 0  # bytes of the C library that grew along with its objects
    above: list[str] = []  # types on the way from the root to what grows
    growth: Growth = NO_GROWTH  # what its confidence begins with
    remedy: str = ""  # its rule, where that does not follow from cause, path and types

    @property
    def leaks(self) -> bool:
        """Whether it is sure enough to be called a leak."""
        return self.confidence >= MIN_LEAK_CONFIDENCE


class Case:
    """A row of snapshots of one worker, the oldest first, and the requests between them."""

    def __init__(self, snapshots: Sequence[Snapshot], *, rewound: bool = False) -> None:
        self.snapshots = snapshots
        self.rewound = rewound  # all but the last are what the last one's ages say of the past
        self.base, self.target = snapshots[0], snapshots[-1]
        self.counted = counted(snapshots)
        self.requests = exposure(snapshots)
        # where nobody counts them, seconds take their place, until the report is written
        self.served = math.ceil(self.requests[-1] - self.requests[0])
        self.level_steps = LevelSteps(
            self.target.process.readings, self.base.info.clock, self.target.info.clock
        )

    @cached_property
    def grown(self) -> GrownHeap:
        """The owners that grow, and what they do not explain."""
        return compare_trees(self.snapshots)

    def ages_below(self, node: int) -> NodeAges | None:
        """Of the target: those with the most samples at a node or below it."""
        own = self.target.ownership
        found = [ages for ages in own.ages.nodes if node in own.stacks.chain(ages.node)]
        return max(found, key=lambda ages: sum(ages.samples), default=None)

    @property
    def begun_share(self) -> float:
        """Of the requests since sampling began, those before the base."""
        aged = self.target.ownership.ages.requests
        return max(0.0, 1 - self.served / aged) if aged else 0.0

    def values(self, figure: Callable[[Snapshot], float | None]) -> list[float]:
        """A figure at each snapshot; what is not known counts as nothing."""
        return [float(figure(s) or 0) for s in self.snapshots]

    def series(
        self,
        figure: Callable[[Snapshot], float | None],
        least: float,
        lumpy: bool = False,
        noise: float = 0.0,
    ) -> Growth:
        return measure_growth(self.requests, self.values(figure), least, lumpy, noise)

    @cached_property
    def passing(self) -> list[int]:
        """Bytes that running functions hold at each snapshot."""
        return [passing_bytes(snapshot) for snapshot in self.snapshots]

    @cached_property
    def settled(self) -> list[float]:
        """Resident memory of no file at each snapshot, without those."""
        both = zip(self.snapshots, self.passing, strict=True)
        return [(snapshot.process.anonymous or 0) - passing for snapshot, passing in both]

    def resident(self, least: float) -> Growth:
        """The growth of that."""
        return measure_growth(self.requests, self.settled, least)


def fingerprint(finding: Finding) -> str:
    """The same for the same leak in another run or on another host: no numbers in it.

    What piles up may be a str in one run and a list in another: it counts only without a holder.
    """
    return fingerprint_of(finding.cause, finding.path or finding.growing)


def fingerprint_of(cause: Cause, known: str) -> str:
    """That of a place: its path, or what piles up there."""
    known = re.sub(r"\d+", "#", known)
    return hashlib.sha256(f"{cause}|{known}".encode()).hexdigest()[:16]


def merge(findings: Iterable[Finding], requests: float) -> list[Finding]:
    """One suspect for one leak: owners of the same path, and those that only mirror another.

    An object stands in the tree once, below whoever was met first. So the bytes of a leak are those
    below all its owners together. `requests` were served meanwhile.
    """
    by_path: dict[str | None, list[Finding]] = {}
    rest = []
    for finding in findings:
        if finding.path is None and not finding.steps:
            rest.append(finding)
            continue
        by_path.setdefault(finding.path, []).append(finding)
    found = []
    for group in by_path.values():
        found.append(max(group, key=lambda f: (f.confidence, f.bytes)))
        _take_parts(found[-1], group, requests)
    return [*_joined(found, requests), *rest]


def _take_parts(finding: Finding, others: Iterable[Finding], requests: float) -> None:
    """Makes its bytes those of all their owners, and what is said of them; not of what grew by
    itself. What hangs below another one of them counts once."""
    if not isinstance(finding.summary, ContainerGrew):
        return
    found = {place: size for other in (finding, *others) for place, size in other.parts}
    finding.parts = []
    for place in sorted(found, key=len):
        if not any(place[: len(above)] == above for above, _ in finding.parts):
            finding.parts.append((place, found[place]))
    finding.bytes = size = sum(part for _, part in finding.parts)
    finding.summary = msgspec.structs.replace(finding.summary, bytes=size)
    finding.evidence = [
        msgspec.structs.replace(fact, bytes_per_request=size / requests)
        if isinstance(fact, EntryRate)
        else fact
        for fact in finding.evidence
    ]


def _rank(finding: Finding, paths: Collection[str | None]) -> tuple[object, ...]:
    """What others are shadows of comes first: what is held from C may only be parts of what is held
    elsewhere, as often as that, and what refers to it weakly goes with it."""
    own = finding.path
    inside = any(own != path and is_below(own, path) for path in paths)
    order = (-finding.confidence, not finding.app, -finding.bytes)
    return (is_weak(finding), not own, inside, *order)


def _joined(findings: Collection[Finding], requests: float) -> list[Finding]:
    """One suspect where several owners hold as much of the same: the best of them, and where else
    it shows."""
    found: list[Finding] = []
    also: dict[int, list[Finding]] = {}
    paths = {finding.path for finding in findings}
    for one in sorted(findings, key=lambda f: _rank(f, paths)):
        first = next((f for f in found if same_leak(f, one)), None)
        if first is None:
            found.append(one)
        else:
            if is_below(one.path, first.path):
                first.confidence = max(first.confidence, one.confidence)
            also.setdefault(id(first), []).append(one)
    for one in found:
        if id(one) in also:
            others = also[id(one)]
            _take_parts(one, others, requests)
            places = [other.path for other in others if other.path is not None]
            if places:
                one.evidence.append(SameGrowthAt(paths=places[:MAX_PLACES]))
    return found
