"""The verdict: what grows, who holds it, who allocated it, which endpoint does it, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from ..errors import DifferentWorkers
from ..model.base import moment
from ..model.fact import OverRequests
from ..model.facts import (
    AdviceFact,
    AllocatedWhere,
    AttachAgain,
    CaptureAgain,
    CaptureInProduction,
    CausedBy,
    FewRequests,
    LeakFound,
    MayLevelOff,
    MoreLeaks,
    NothingGrewInTime,
    NothingGrows,
    OneSnapshot,
    Remedy,
    SendMore,
    SendRequests,
    UnexplainedGrowth,
    UnownedGrowth,
    VerdictFact,
)
from ..model.library_facts import LibraryRemedy
from ..model.report import (
    MAX_SUSPECTS,
    MIN_LEAK_CONFIDENCE,
    SCHEMA,
    AllocatedAt,
    EndpointShare,
    Growing,
    Interval,
    PathRef,
    PerRequest,
    Report,
    SnapshotRef,
    Suspect,
    Verdict,
)
from ..model.snapshot import Snapshot, requests_of
from .balance import Unowned
from .calibration import calibration
from .container_findings import find_containers
from .diff import served
from .explained import explained_by
from .finding import MB, Case, Finding, fingerprint, merge
from .garbage_findings import find_garbage
from .growing_sites import sizes_by_endpoint
from .growth_by_endpoint import explain
from .handle_findings import find_handles
from .impact import impact_of
from .library_faults import blame
from .library_rules import remedy_rule
from .lost_findings import find_lost
from .memory_findings import find_memory_growth
from .regression import EndpointGrowth, explain_by_lumps
from .reported_versions import versions_of
from .rewind import rewound

AnyFact = TypeVar("AnyFact")
MIN_REQUESTS = 10  # requests between the snapshots: fewer tell nothing
ADVISED_SECONDS = 60.0  # from the first snapshot to the last, where nobody counts requests
ADVISED_REQUESTS = 50  # requests of each endpoint, between two captures
MIN_MORE_REQUESTS = 100  # requests that would settle a doubt
MIN_RESIDENT_BYTES = 8 * MB  # growth that is worth a word where nothing explains it
MIN_GROWTH_SHARE = 0.5  # of what the process gained: less or more, and that was not this
MIN_UNOWNED_SHARE = 0.1  # of the objects that came: worth a word beside a leak
MAX_REWOUND_CONFIDENCE = 0.8  # from one snapshot: a cache that is still filling looks the same
CONFIDENCE_STEP = 0.05
# of the confidence in what ends, below which something else speaks against a suspect, too
MIN_SUSPECT_SHARE = 0.75


def findings(case: Case) -> list[Finding]:
    """All suspects, one for each leak."""
    held = find_containers(case)
    found = [*held, *find_garbage(case)]
    found += find_lost(case, held)
    found += find_handles(case, held)
    found += find_memory_growth(case, [f for f in found if f.leaks])
    return merge(found, case.requests[-1] - case.requests[0])


class Judge(Case):
    """Writes the report on a case."""

    def suspect(self, rank: int, finding: Finding) -> Suspect:
        endpoints = self._endpoints(finding)
        impact = impact_of(finding.bytes, self.seconds, self.target.process)
        explained = [] if endpoints else self._explained(finding)
        types = (finding.type, finding.growing)
        rule = finding.remedy or remedy_rule(finding.cause, finding.path, types)
        blamed = blame(self.target, finding, rule)
        return Suspect(
            rank=rank,
            cause=finding.cause,
            confidence=told(finding.confidence),
            summary="",
            summary_fact=self._over(finding.summary),
            holder=PathRef(path=finding.path, type=finding.type) if finding.path else None,
            growing=Growing(
                type=finding.growing,
                objects=round(finding.objects),
                bytes=round(finding.bytes),
                per_request=self._per_request(finding),
            ),
            allocated_at=[
                AllocatedAt(
                    file=s.file,
                    line=s.line,
                    function=s.function,
                    bytes=s.size,
                    samples=None if s.births is None else sum(s.births.samples),
                    library=s.library,
                )
                for s in finding.sites[:6]
            ],
            endpoints=endpoints or _shares({e.endpoint: e.bytes for e in explained}),
            evidence_facts=[
                *map(self._over, finding.evidence),
                *(one.evidence for one in explained),
                *blamed.evidence,
                *([] if impact is None else [impact]),
            ],
            impact=impact,
            remedy_rule=rule,
            remedy_fact=blamed.remedy,
            fingerprint=fingerprint(finding),
            births=next((s.births for s in finding.sites if s.births is not None), None),
        )

    def _per_request(self, finding: Finding) -> PerRequest:
        served = max(1, self.served)
        if not self.counted:
            return PerRequest(objects=0, bytes=0)
        return PerRequest(
            objects=round(finding.objects / served, 4), bytes=round(finding.bytes / served, 1)
        )

    def _over(self, fact: AnyFact) -> AnyFact:
        """The fact with seconds in place of the requests, where nobody counts these."""
        if self.counted or not isinstance(fact, OverRequests):
            return fact
        none = {"requests": 0} if hasattr(fact, "requests") else {}
        return msgspec.structs.replace(fact, seconds=self.seconds, **none)

    @property
    def both(self) -> bool:
        """Whether two snapshots were really taken, or more."""
        return len(self.snapshots) > 1 and not self.rewound

    @property
    def seconds(self) -> float:
        """Between the first snapshot and the last."""
        return round(self.target.info.clock - self.base.info.clock, 1)

    def _endpoints(self, finding: Finding) -> list[EndpointShare]:
        """By the allocation sites; with one endpoint only, it must be that.

        What is there from before the base was allocated by others, too: those that served nothing
        since are not to blame for the growth.
        """
        asked, found = served(self.base, self.target), sizes_by_endpoint(finding.sites)
        weights = {name: n for name, n in found.items() if not asked or requests_of(asked, name)}
        if not weights and len(asked) == 1:
            weights.update(dict.fromkeys(asked, 1))
        return _shares(weights)

    def _explained(self, finding: Finding) -> list[EndpointGrowth]:
        """Those whose requests explain what the process gained between them, where that is mostly
        this finding's."""
        if finding.explained:
            return finding.explained
        if finding.figure is None:
            return []
        asked = served(self.base, self.target)
        gained = self.level_steps.gained(finding.figure)
        total, own = sum(gained), _share_of_process(finding)
        if not MIN_GROWTH_SHARE * total <= own <= total / MIN_GROWTH_SHARE:
            return []
        found = explain(self.level_steps, finding.figure)
        if not found and finding.figure == "malloc":
            found = explain_by_lumps(self.level_steps.requests(), gained)
        return [one for one in found if one.endpoint in asked]

    def report(self) -> Report:
        """The ticket."""
        found = findings(self) if len(self.snapshots) > 1 else []
        if self.rewound:
            for one in found:
                one.confidence = min(one.confidence, MAX_REWOUND_CONFIDENCE)
        least = MIN_SUSPECT_SHARE * calibration().leaks["ending"]
        found = [f for f in found if f.confidence >= least]
        found.sort(key=lambda f: (-told(f.confidence), -f.bytes))
        suspects = [self.suspect(n, f) for n, f in enumerate(found[:MAX_SUSPECTS], 1)]
        verdict, reasons, advice = self._verdict(suspects)
        return Report(
            schema=SCHEMA,
            generated_at=moment(),
            base=_ref(self.base) if self.both else None,
            target=_ref(self.target),
            interval=Interval(
                seconds=self.seconds,
                requests=self._requests(),
                endpoints=served(self.base, self.target)
                if self.both
                else dict(self.target.info.requests.endpoints),
                snapshots=len(self.snapshots) if self.both else 1,
                counted_by=self.target.info.requests.counted_by if self.counted else "nobody",
            ),
            verdict=verdict,
            summary="",
            advice="",
            suspects=suspects,
            summary_facts=reasons,
            advice_facts=[advice],
            explained=explained_by(found, self.base.process, self.target.process)
            if self.both
            else None,
            versions=versions_of(self.target.libraries, suspects),
        )

    def _verdict(
        self, suspects: Sequence[Suspect]
    ) -> tuple[Verdict, list[VerdictFact], AdviceFact]:
        top = suspects[0] if suspects else None
        unowned = self.grown.unowned if self.both else None
        if top is not None and top.leaks:
            why = [LeakFound(), *summary_of(top), *whence(top), *more_leaks(suspects)]
            if unowned is not None and unowned.share >= MIN_UNOWNED_SHARE:
                why.append(unowned_fact(unowned))
            return "leak", why, what_helps(top)
        if not self.both:
            seen = [] if top is None else [MayLevelOff(), *summary_of(top)]
            return "inconclusive", [OneSnapshot(), *seen], CaptureAgain()
        if not self.counted:
            return "inconclusive", self._in_time(top), AttachAgain(min_seconds=ADVISED_SECONDS)
        if self.served < MIN_REQUESTS:
            advice = SendRequests(min_requests=ADVISED_REQUESTS)
            return "inconclusive", [FewRequests(requests=self.served)], advice
        if top is not None:
            return "inconclusive", [MayLevelOff(), *summary_of(top)], self._settle()
        rss = self.resident(MIN_RESIDENT_BYTES)
        rest = self._rest_growing()
        if rss.confidence >= MIN_LEAK_CONFIDENCE or rest:
            return "inconclusive", [UnexplainedGrowth(bytes=max(rss.total, rest))], self._settle()
        if unowned is not None:
            return "inconclusive", [unowned_fact(unowned)], self._settle()
        return "no-leak", [NothingGrows(requests=self.served)], CaptureInProduction()

    def _rest_growing(self) -> float:
        """By how much resident memory grew that is no object's, in all; nothing if it rested."""
        grown = self.series(_no_objects, MIN_RESIDENT_BYTES)
        last = _no_objects(self.snapshots[-1]) - _no_objects(self.snapshots[-2])
        return grown.total if grown.grows and last >= MIN_RESIDENT_BYTES else 0

    def _requests(self) -> int:
        if not self.counted:
            return 0
        return self.served if self.both else self.target.info.requests.total

    def _in_time(self, top: Suspect | None) -> list[VerdictFact]:
        """Why it cannot be told, where nobody counts the requests."""
        if top is not None:
            return [MayLevelOff(), *summary_of(top)]
        rss = self.resident(MIN_RESIDENT_BYTES)
        if rss.grows:
            return [UnexplainedGrowth(bytes=rss.total)]
        unowned = self.grown.unowned
        if unowned is not None:
            return [unowned_fact(unowned)]
        return [NothingGrewInTime(seconds=self.seconds)]

    def _settle(self) -> SendMore:
        return SendMore(
            requests=max(MIN_MORE_REQUESTS, self.served),
            # no sampler can be left behind in a process that was only attached to
            turn_tracing_on=self.target.allocations.mode == "off"
            and self.target.info.requests.counted_by == "app",
        )


def _no_objects(snapshot: Snapshot) -> float:
    """Resident memory of no file that is no object's."""
    return (snapshot.process.anonymous or 0) - (snapshot.process.bridge.python_objects or 0)


def told(confidence: float) -> float:
    """In steps of 0.05: it is measured no finer, and of suspects that are as sure the largest goes
    first. Nothing is certain, and what is no leak does not become one."""
    steps = min(round(confidence / CONFIDENCE_STEP), round(1 / CONFIDENCE_STEP) - 1)
    below = round(MIN_LEAK_CONFIDENCE / CONFIDENCE_STEP) - 1
    if confidence < MIN_LEAK_CONFIDENCE:
        steps = min(steps, below)
    return round(steps * CONFIDENCE_STEP, 2)


def unowned_fact(unowned: Unowned) -> UnownedGrowth:
    return UnownedGrowth(
        objects=unowned.objects, share=unowned.share, types=unowned.types, path=unowned.path
    )


def summary_of(suspect: Suspect) -> list[VerdictFact]:
    """What it is, for the head of a verdict."""
    return [suspect.summary_fact] if suspect.summary_fact is not None else []


def more_leaks(suspects: Sequence[Suspect]) -> list[VerdictFact]:
    """How many more there are than the first."""
    leaks = sum(suspect.leaks for suspect in suspects) - 1
    return [MoreLeaks(leaks=leaks)] if leaks > 0 else []


def what_helps(suspect: Suspect) -> Remedy | LibraryRemedy:
    """What to do about it."""
    return suspect.remedy_fact or Remedy(rule=suspect.remedy_rule)


def whence(suspect: Suspect) -> list[VerdictFact]:
    """Who allocated it, and which endpoint does it."""
    endpoint = suspect.endpoints[0].endpoint if suspect.endpoints else None
    if not suspect.allocated_at:
        return [CausedBy(endpoint=endpoint)] if endpoint else []
    site = suspect.allocated_at[0]
    return [AllocatedWhere(file=site.file, line=site.line, function=site.called, endpoint=endpoint)]


def _share_of_process(finding: Finding) -> float:
    """What it comes to in its figure of the process."""
    handles = finding.figure in ("descriptors", "threads")
    return finding.objects if handles else finding.bytes + finding.hanging


def _shares(weights: Mapping[str, float]) -> list[EndpointShare]:
    """The largest first."""
    total = sum(weights.values())
    rows = sorted(weights.items(), key=lambda row: -row[1])
    return [EndpointShare(endpoint=name, share=round(n / total, 3)) for name, n in rows if total]


def _ref(snapshot: Snapshot) -> SnapshotRef:
    info = snapshot.info
    return SnapshotRef(id=info.id, taken_at=info.taken_at, worker=info.worker)


def judge(snapshots: Sequence[Snapshot]) -> Report:
    """The report on snapshots of one worker, the oldest first: facts, its sentences are empty.

    Raises DifferentWorkers when they are of different workers: their heaps have nothing in common.
    """
    workers = {s.info.worker for s in snapshots}
    if len(workers) > 1:
        raise DifferentWorkers(sorted(workers))
    if len(snapshots) == 1:
        return Judge(rewound(snapshots[0]), rewound=True).report()
    return Judge(snapshots).report()
