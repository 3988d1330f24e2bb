"""The verdict: what grows, who holds it, who allocated it, which endpoint does it, what to do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from ..errors import DifferentWorkers
from ..model.report import (
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
from ..model.snapshot import Snapshot
from .container_findings import owners
from .diff import served
from .finding import LEAK, MB, Case, Finding, fingerprint, merge, size
from .garbage_findings import garbage
from .handle_findings import counted
from .library_rules import remedy
from .memory_findings import memory
from .regression import Explained, explaining, leaving

SUSPECTS = 12
MOSTLY = 0.5  # of what the process gained: less or more, and that was not this
FLOOR = 0.2  # confidence below which a suspect is not worth a line


def findings(case: Case) -> list[Finding]:
    """All suspects, one for one leak."""
    held = owners(case)
    found = [*held, *garbage(case)]
    found += counted(case, held)
    found += memory(case, [f for f in found if f.confidence >= LEAK])
    return merge(found)


class Judge(Case):
    """Writes the report on a case."""

    def suspect(self, rank: int, finding: Finding) -> Suspect:
        served = max(1, self.served)
        endpoints = self._endpoints(finding)
        explained = [] if endpoints else self._explained(finding)
        return Suspect(
            rank=rank,
            cause=finding.cause,
            confidence=round(finding.confidence, 2),
            summary=finding.summary,
            holder=PathRef(path=finding.path, type=finding.type) if finding.path else None,
            growing=Growing(
                type=finding.growing,
                objects=round(finding.objects),
                bytes=round(finding.bytes),
                per_request=PerRequest(
                    objects=round(finding.objects / served, 4),
                    bytes=round(finding.bytes / served, 1),
                ),
            ),
            allocated_at=[
                AllocatedAt(file=s.file, line=s.line, function=s.function, bytes=s.size)
                for s in finding.sites[:6]
            ],
            endpoints=endpoints or _shares({e.endpoint: e.bytes for e in explained}),
            evidence=finding.evidence + [one.evidence for one in explained],
            remedy=remedy(finding.cause, finding.path, (finding.type, finding.growing)),
            fingerprint=fingerprint(finding),
        )

    def _endpoints(self, finding: Finding) -> list[EndpointShare]:
        """By the allocation sites; with one endpoint only, it must be that."""
        weights: Counter[str] = Counter()
        for site in finding.sites:
            if site.endpoint:
                weights[site.endpoint] += site.size
        asked = served(self.base, self.target)
        if not weights and len(asked) == 1:
            weights.update(dict.fromkeys(asked, 1))
        return _shares(weights)

    def _explained(self, finding: Finding) -> list[Explained]:
        """Those whose requests explain what the process gained between them, where that is mostly
        this finding's."""
        if finding.figure is None:
            return []
        asked = served(self.base, self.target)
        gained, requests = self.steps.gained(finding.figure), self.steps.requests()
        total, own = sum(gained), finding.bytes + finding.hanging
        if not MOSTLY * total <= own <= total / MOSTLY:
            return []
        found = explaining(requests, gained)
        if not found and finding.figure == "malloc":
            found = leaving(requests, gained)
        return [one for one in found if one.endpoint in asked]

    def report(self) -> Report:
        """The ticket."""
        found = findings(self) if len(self.snapshots) > 1 else []
        found = [f for f in found if f.confidence >= FLOOR]
        found.sort(key=lambda f: (-round(f.confidence, 2), -f.bytes))
        suspects = [self.suspect(n, f) for n, f in enumerate(found[:SUSPECTS], 1)]
        verdict, summary, advice = self._verdict(suspects)
        both = len(self.snapshots) > 1
        return Report(
            schema=SCHEMA,
            generated_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            base=_ref(self.base) if both else None,
            target=_ref(self.target),
            interval=Interval(
                seconds=round(self.target.info.clock - self.base.info.clock, 1),
                requests=self.served if both else self.requests[-1],
                endpoints=served(self.base, self.target)
                if both
                else dict(self.target.info.requests.endpoints),
                snapshots=len(self.snapshots),
            ),
            verdict=verdict,
            summary=summary,
            advice=advice,
            suspects=suspects,
        )

    def _verdict(self, suspects: Sequence[Suspect]) -> tuple[Verdict, str, str]:
        top = suspects[0] if suspects else None
        if top is not None and top.confidence >= LEAK:
            return "leak", f"It leaks: {top.summary}{_whence(top)}.", top.remedy
        if len(self.snapshots) == 1:
            return (
                "inconclusive",
                "One snapshot shows what is there, not what grows.",
                "Send traffic, capture again, and compare the two.",
            )
        if self.served < 10:
            return (
                "inconclusive",
                f"Only {self.served} requests were served between the snapshots.",
                "Send at least 50 requests of each endpoint between two captures.",
            )
        if top is not None:
            return (
                "inconclusive",
                f"Something grows, but it may level off: {top.summary}.",
                self._settle(),
            )
        rss = self.series(lambda s: s.process.anonymous, 8 * MB)
        if rss.confidence >= LEAK:
            return (
                "inconclusive",
                f"Resident memory grew by {size(rss.total)}, and nothing that was found explains "
                "it.",
                self._settle(),
            )
        return (
            "no-leak",
            f"Nothing grows with the requests, over {self.served} of them.",
            "If memory still grows in production, capture there, with its real traffic.",
        )

    def _settle(self) -> str:
        more = f"Send about {max(100, self.served)} more requests and capture once more"
        if self.target.allocations.mode == "off":
            more += ", with allocation tracing on"
        return f"{more}: what goes on at the same rate is a leak, what levels off is a cache."


def _whence(suspect: Suspect) -> str:
    """Who allocated it, and which endpoint does it: the rest of the sentence."""
    endpoint = suspect.endpoints[0].endpoint if suspect.endpoints else ""
    if not suspect.allocated_at:
        return f", by requests of {endpoint}" if endpoint else ""
    site = suspect.allocated_at[0]
    while_ = f", while {endpoint} is served" if endpoint else ""
    file = site.file.rpartition("/")[2]
    return f"; it is allocated at {file}:{site.line} in {site.function}{while_}"


def _shares(weights: Mapping[str, float]) -> list[EndpointShare]:
    """The largest first."""
    total = sum(weights.values())
    rows = sorted(weights.items(), key=lambda row: -row[1])
    return [EndpointShare(endpoint=name, share=round(n / total, 3)) for name, n in rows if total]


def _ref(snapshot: Snapshot) -> SnapshotRef:
    info = snapshot.info
    return SnapshotRef(id=info.id, taken_at=info.taken_at, worker=info.worker)


def judge(snapshots: Sequence[Snapshot]) -> Report:
    """The report on snapshots of one worker, the oldest first.

    Raises DifferentWorkers when they are of different workers: their heaps have nothing in common.
    """
    workers = {s.info.worker for s in snapshots}
    if len(workers) > 1:
        raise DifferentWorkers(workers)
    return Judge(snapshots).report()
