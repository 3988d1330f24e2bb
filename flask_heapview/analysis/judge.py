"""The verdict: what grows, who holds it, who allocated it, which endpoint does it, what to do."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from ..errors import Conflict
from ..model.ownership import Site
from ..model.report import (
    SCHEMA,
    AllocatedAt,
    Cause,
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
from .holders import Candidate, growing_owners
from .knowledge import OF_THE_CODE, OURS, REMEDIES, cause_of
from .series import Growth, growth
from .sites import growing_sites

MB = 1_000_000
LEAK = 0.5  # confidence from which a suspect is a leak
BOUND_SHARE = 0.25  # a bound that lets a container take this share of all memory is none
SUSPECTS = 12


class Finding(msgspec.Struct):
    """A suspect in the making."""

    cause: Cause
    confidence: float
    summary: str
    path: str | None
    type: str
    growing: str
    objects: float
    bytes: float
    per_request: float
    sites: list[Site]
    evidence: list[str]
    app: bool = False


def size(value: float) -> str:
    """Bytes for a person."""
    for unit in ("B", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


class Judge:
    """Judges a row of snapshots of one worker, the oldest first."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self.snapshots = snapshots
        self.base, self.target = snapshots[0], snapshots[-1]
        self.requests = [s.info.requests.total for s in snapshots]
        self.served = self.requests[-1] - self.requests[0]
        self.site_growth = growing_sites(self.base.allocations, self.target.allocations)

    # --- one sort of evidence each

    def findings(self) -> list[Finding]:
        """All suspects, one for one leak."""
        owners = self.owners()
        found = [*owners, *self.garbage()]
        explained = any(f.confidence >= LEAK for f in found)
        found += self.counted(owners)
        found += self.memory(explained or any(f.confidence >= LEAK for f in found))
        return merge(found)

    def series(self, figure: Callable[[Snapshot], float | None], least: float) -> Growth:
        values = [float(figure(s) or 0) for s in self.snapshots]
        return growth(self.requests, values, least)

    def owners(self) -> list[Finding]:
        importing = self._imports()
        found = []
        for candidate in growing_owners(self.snapshots):
            if OF_THE_CODE.match(candidate.path) or OURS.match(candidate.path):
                continue
            finding = self._owner(candidate, importing)
            if finding is not None:
                found.append(finding)
        return found

    def _imports(self) -> bool:
        """Whether modules were imported meanwhile: libraries' tables grow with them, once."""
        counts = [
            sum(h.entries for h in s.ownership.holders if h.path == "sys.modules")
            for s in self.snapshots
        ]
        return counts[-1] > counts[0]

    def _owner(self, candidate: Candidate, importing: bool) -> Finding | None:
        grown = candidate.growth
        confidence = grown.confidence
        evidence = [self._rate(candidate)]
        holder = candidate.holder
        if holder is not None and holder.limit is not None:
            verdict = self._bounded(candidate, holder.limit)
            if verdict is None:
                return None
            evidence.append(verdict)
        if not candidate.app:
            confidence *= 0.45 if importing else 0.92
        if grown.steady:
            evidence.append(f"It grew at one rate in each of {grown.intervals} intervals.")
        if grown.since_start:
            evidence.append("The rate also explains what was there before: nothing was let go.")
        kinds = [candidate.entry_type, *(holder.entry_types if holder else ())]
        kind = holder.kind if holder else "container"
        cause = cause_of(candidate.path, candidate.above, kinds, kind)
        sites = holder.sites if holder and holder.sites else []
        return Finding(
            cause=cause,
            confidence=confidence,
            summary=self._sentence(candidate),
            path=candidate.path,
            type=candidate.type,
            growing=candidate.entry_type,
            objects=candidate.objects,
            bytes=candidate.bytes,
            per_request=grown.per_request,
            sites=sites or self.site_growth,
            evidence=evidence,
            app=candidate.app,
        )

    def _rate(self, candidate: Candidate) -> str:
        return (
            f"{candidate.path} gained {candidate.objects} entries in {self.served} requests: "
            f"{candidate.growth.per_request:.2f} and {size(candidate.bytes / self.served)} each."
        )

    def _sentence(self, candidate: Candidate) -> str:
        kind = candidate.type.rpartition(".")[2]
        return (
            f"{kind} {candidate.path} gained {candidate.objects} entries "
            f"({size(candidate.bytes)}) in {self.served} requests and never let one go"
        )

    def _bounded(self, candidate: Candidate, limit: int) -> str | None:
        """A sentence where the limit is too high to be one; None where it will do its work."""
        entries = candidate.holder.entries if candidate.holder else 0
        if entries > limit * 1.6:  # SQLAlchemy's caches go half above theirs before they trim
            return f"It holds {entries} entries, above the limit of {limit} it says it has."
        each = candidate.bytes / max(1, candidate.objects)
        total = self.target.process.container.limit or self.target.process.machine_total
        if not total or each * limit < BOUND_SHARE * total:
            return None
        return (
            f"Its limit is {limit} entries, which would take {size(each * limit)}: "
            f"more than this service can have ({size(total)})."
        )

    def garbage(self) -> list[Finding]:
        grown = self.series(lambda s: s.cycles.garbage_objects, 50)
        if not grown.grows:
            return []
        freed = self._collected()
        confidence = grown.confidence
        evidence = [
            f"{grown.total:.0f} objects in {self.served} requests became cyclic garbage that "
            "nobody has collected."
        ]
        if freed > 0.2 * grown.total:
            confidence = min(confidence, 0.3)
            evidence.append(f"But the collector freed {freed} objects meanwhile: it does its work.")
        target = self.target.gc
        if not target.enabled:
            evidence.append("The collector is disabled.")
        evidence.append(f"Thresholds: {', '.join(str(g.threshold) for g in target.generations)}.")
        groups = [g for g in self.target.cycles.groups if g.garbage]
        top = max(groups, key=lambda g: g.size, default=None)
        if top is not None:
            evidence.append(f"The commonest shape: {top.chain} ({top.components} times).")
        grown_bytes = self.target.cycles.garbage_bytes - self.base.cycles.garbage_bytes
        named = next((t for t in top.types if "." in t), top.types[0]) if top else "object"
        return [
            Finding(
                cause="reference-cycle",
                confidence=confidence,
                summary=(
                    f"{grown.total:.0f} objects ({size(grown_bytes)}) in circular references were "
                    f"left behind by {self.served} requests and not collected"
                ),
                path=None,
                type=named,
                growing=named,
                objects=grown.total,
                bytes=max(0, grown_bytes),
                per_request=grown.per_request,
                sites=(top.sites if top else []) or self.site_growth,
                evidence=evidence,
                app=True,
            )
        ]

    def _collected(self) -> int:
        return sum(g.collected for g in self.target.gc.generations) - sum(
            g.collected for g in self.base.gc.generations
        )

    def counted(self, owners: Sequence[Finding]) -> list[Finding]:
        """Descriptors and threads: where their number grows, it says what the owner's leak is."""
        found = []
        threads = self.series(lambda s: s.resources.thread_count, 5)
        if threads.grows:
            found += self._things("thread", "threads", threads, owners)
        files = self.series(lambda s: s.resources.descriptors, 5)
        if files.grows:
            found += self._things("unclosed-resource", "descriptors", files, owners)
        return found

    def _things(
        self, cause: Cause, what: str, grown: Growth, owners: Sequence[Finding]
    ) -> list[Finding]:
        sentence = f"{grown.total:.0f} {what} more in {self.served} requests."
        holders = [o for o in owners if self._holds(cause, o)]
        if holders:
            for owner in holders:
                owner.cause = cause
                owner.evidence.append(sentence)
                owner.confidence = max(owner.confidence, min(grown.confidence, 0.97))
            return []
        kinds = (
            [t.name for t in self.target.resources.by_kind]
            if cause == "unclosed-resource"
            else [t.name for t in self.target.resources.threads]
        )
        return [
            Finding(
                cause=cause,
                confidence=grown.confidence * 0.9,
                summary=f"{grown.total:.0f} {what} were opened by {self.served} requests "
                "and never closed",
                path=None,
                type="",
                growing=kinds[0] if kinds else "",
                objects=grown.total,
                bytes=0,
                per_request=grown.per_request,
                sites=self.site_growth,
                evidence=[sentence],
            )
        ]

    def _holds(self, cause: Cause, owner: Finding) -> bool:
        if cause == "thread":
            return owner.cause == "thread"
        before = {(o.type, o.path): o.count for o in self.base.resources.open_objects}
        return any(
            o.count > before.get((o.type, o.path), 0)
            and owner.path is not None
            and o.path.startswith(owner.path)
            for o in self.target.resources.open_objects
        )

    # --- memory that no object accounts for

    def memory(self, explained: bool) -> list[Finding]:
        """Native memory, fragmentation and memory outside the process."""
        found = []
        tmpfs = self.series(lambda s: s.process.tmpfs, MB)
        if tmpfs.grows:
            found.append(self._rest("off-process", tmpfs, "the temporary filesystems (tmpfs)"))
        anonymous = self.series(lambda s: s.process.anonymous, MB)
        native = self.series(self._native, MB)
        if native.grows and native.total >= 0.3 * anonymous.total:
            found.append(self._rest("native", native, "the C library's heap, in no Python object"))
        free = self.series(self._free, 3 * MB)
        if free.grows and free.total >= 0.4 * max(anonymous.total, 1):
            found.append(
                self._rest("fragmentation", free, "free blocks that the allocator cannot give back")
            )
        if explained:  # what hangs on the objects that pile up goes with them
            for finding in found:
                if finding.cause != "off-process":
                    finding.confidence = min(finding.confidence, 0.4)
        return found

    @staticmethod
    def _native(snapshot: Snapshot) -> float:
        # tracemalloc counts its own tables without what malloc adds around each small block
        return (snapshot.process.bridge.native or 0) - 2 * snapshot.allocations.overhead

    @staticmethod
    def _free(snapshot: Snapshot) -> float:
        allocators = snapshot.process.allocators
        return (allocators.pymalloc_free or 0) + (allocators.malloc_free or 0)

    def _rest(self, cause: Cause, grown: Growth, where: str) -> Finding:
        return Finding(
            cause=cause,
            confidence=grown.confidence * 0.9,
            summary=f"{size(grown.total)} more in {where} after {self.served} requests",
            path=None,
            type="",
            growing="",
            objects=0,
            bytes=grown.total,
            per_request=0,
            sites=[],
            evidence=[
                f"{size(grown.per_request)} a request in {where}, in each of "
                f"{grown.intervals} intervals."
            ],
        )

    # --- the report

    def suspect(self, rank: int, finding: Finding) -> Suspect:
        served = max(1, self.served)
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
            endpoints=self._endpoints(finding),
            evidence=finding.evidence,
            remedy=REMEDIES[finding.cause],
            fingerprint=fingerprint(finding),
        )

    def _endpoints(self, finding: Finding) -> list[EndpointShare]:
        """By the allocation sites; with one endpoint only, it must be that."""
        weights: Counter[str] = Counter()
        for site in finding.sites:
            if site.endpoint:
                weights[site.endpoint] += site.size
        served = self._served_by_endpoint()
        if not weights and len(served) == 1:
            weights.update(dict.fromkeys(served, 1))
        total = sum(weights.values())
        return [
            EndpointShare(endpoint=name, share=round(weight / total, 3))
            for name, weight in weights.most_common()
            if total
        ]

    def _served_by_endpoint(self) -> dict[str, int]:
        base = self.base.info.requests.endpoints
        now = self.target.info.requests.endpoints
        if self.base is self.target:
            return {}
        return {k: v - base.get(k, 0) for k, v in now.items() if v > base.get(k, 0)}

    def report(self) -> Report:
        """The ticket."""
        findings = self.findings() if len(self.snapshots) > 1 else []
        findings = [f for f in findings if f.confidence >= 0.2]
        findings.sort(key=lambda f: (-round(f.confidence, 1), -f.bytes))
        findings.sort(key=lambda f: -round(f.confidence, 2))
        suspects = [self.suspect(n, f) for n, f in enumerate(findings[:SUSPECTS], 1)]
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
                endpoints=self._served_by_endpoint()
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
            return "leak", f"It leaks: {top.summary}.", top.remedy
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


def _ref(snapshot: Snapshot) -> SnapshotRef:
    info = snapshot.info
    return SnapshotRef(id=info.id, taken_at=info.taken_at, worker=info.worker)


def fingerprint(finding: Finding) -> str:
    """The same for the same leak in another run or on another host: no numbers in it."""
    path = re.sub(r"\d+", "#", finding.path or "")
    return hashlib.sha256(f"{finding.cause}|{path}|{finding.growing}".encode()).hexdigest()[:16]


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """One suspect for one leak: owners of the same path, and those that only mirror another."""
    by_path: dict[str, Finding] = {}
    rest = []
    for finding in findings:
        if finding.path is None:
            rest.append(finding)
            continue
        other = by_path.get(finding.path)
        if other is None or (finding.confidence, finding.bytes) > (other.confidence, other.bytes):
            by_path[finding.path] = finding
    return [*by_path.values(), *rest]


def judge(snapshots: Sequence[Snapshot]) -> Report:
    """The report on snapshots of one worker, the oldest first.

    Raises Conflict when they are of different workers: their heaps have nothing in common.
    """
    workers = {s.info.worker for s in snapshots}
    if len(workers) > 1:
        raise Conflict(
            "These snapshots are of different workers, whose heaps cannot be subtracted. Take both "
            "of one worker: GET /api/v1/workers lists them, and POST /api/v1/snapshots takes one.",
            workers=sorted(workers),
        )
    return Judge(snapshots).report()
