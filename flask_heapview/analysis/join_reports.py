"""The reports on several workers, joined into one: suspects by fingerprint, and one verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ..model.base import moment
from ..model.facts import ContainerGrew, EvidenceFact, SameGrowthAt, SuspectFact
from ..model.query import WorkerRef
from ..model.report import (
    MAX_SUSPECTS,
    MIN_LEAK_CONFIDENCE,
    AllocatedAt,
    EndpointShare,
    Growing,
    Interval,
    PerRequest,
    Report,
    Suspect,
)
from ..model.service_report import (
    SCHEMA,
    JudgedWorker,
    MissingWorker,
    ServiceReport,
    ServiceSuspect,
    SuspectInWorker,
)
from .finding import MAX_PLACES
from .service_verdict import verdict_of

MAX_SITES = 6
CORRELATION = 0.8  # of what workers show: they run one code, and one balancer feeds them
MAX_CONFIDENCE_IN_DOUBT = 0.49  # joined, where no single worker is sure
SUMMED = ("entries", "objects", "bytes", "count")  # figures of a summary fact


class Shown(msgspec.Struct, frozen=True):
    """A suspect, and the worker whose report has it."""

    worker: WorkerRef
    suspect: Suspect
    requests: int  # that the worker served meanwhile


Judged = tuple[WorkerRef, Report]


def joined_confidence(confidences: Sequence[float], judged: int) -> float:
    """The confidence in a suspect, from those of the distinct workers that show it.

    Were the workers independent, the doubts would multiply (a noisy OR: Pearl, Probabilistic
    Reasoning in Intelligent Systems, 1988, 4.3.2). They are not: each runs the same code under the
    same traffic. n sources whose answers correlate by r tell as much as n / (1 + (n - 1) r) that do
    not (the design effect: Kish, Survey Sampling, 1965, 5.4). With r = 0.8, four workers count as
    1.18, and any number of them as 1.25 at most. What exceeds one worker is weighed by the share of
    the judged workers that show the suspect: the others saw no such growth.

    It is never below the best single confidence. Where no single worker reaches a leak's, neither
    does the sum: what keeps each of them in doubt (one interval alone, entries that go as well as
    come) is the same in all of them. A cache that fills fills in every worker.
    """
    best, shown = max(confidences), len(confidences)
    effective = shown / (1 + (shown - 1) * CORRELATION)
    effective = 1 + (effective - 1) * shown / judged
    doubt = math.prod(1 - one for one in confidences) ** (effective / shown)
    joined = round(1 - doubt, 2)
    if best < MIN_LEAK_CONFIDENCE:
        joined = min(joined, MAX_CONFIDENCE_IN_DOUBT)
    return max(best, joined)


def join(judged: Sequence[Judged], missing: Sequence[MissingWorker]) -> ServiceReport:
    """One report on the workers that were judged, and those that were not: facts without words.

    A report's base is known, since it is on two snapshots.
    """
    found = _suspects(judged)
    verdict, reasons, advice = verdict_of(judged, missing, found)
    return ServiceReport(
        schema=SCHEMA,
        generated_at=moment(),
        verdict=verdict,
        summary="",
        advice="",
        interval=_interval([report for _, report in judged]),
        live=len(judged) + len(missing),
        judged=[_judged(worker, report) for worker, report in judged],
        missing=list(missing),
        suspects=found,
        summary_facts=reasons,
        advice_facts=advice,
        versions={k: v for _, report in reversed(judged) for k, v in report.versions.items()},
    )


def _judged(worker: WorkerRef, report: Report) -> JudgedWorker:
    return JudgedWorker(
        number=worker.number,
        id=worker.id,
        verdict=report.verdict,
        summary=report.summary,
        base=report.base or report.target,
        target=report.target,
        interval=report.interval,
    )


def _interval(reports: Sequence[Report]) -> Interval:
    endpoints: Counter[str] = Counter()
    for report in reports:
        endpoints.update(report.interval.endpoints)
    counted = all(report.interval.counted_by != "nobody" for report in reports)
    return Interval(
        seconds=max((report.interval.seconds for report in reports), default=0.0),
        requests=sum(report.interval.requests for report in reports),
        endpoints=dict(endpoints.most_common()),
        snapshots=max((report.interval.snapshots for report in reports), default=0),
        counted_by="app" if counted else "nobody",
    )


# --- suspects


def _suspects(judged: Sequence[Judged]) -> list[ServiceSuspect]:
    """The surest first, then the largest."""
    groups: dict[str, list[Shown]] = {}
    for worker, report in judged:
        for suspect in report.suspects:
            shown = Shown(worker, suspect, report.interval.requests)
            groups.setdefault(suspect.fingerprint, []).append(shown)
    found = [_joined(group, len(judged)) for group in groups.values()]
    found.sort(key=lambda one: (-one.confidence, -one.growing.bytes))
    return [
        msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(found[:MAX_SUSPECTS], 1)
    ]


def _joined(group: Sequence[Shown], judged: int) -> ServiceSuspect:
    """One suspect of several workers. One worker may show it more than once."""
    group = sorted(group, key=lambda one: (-one.suspect.confidence, -one.suspect.growing.bytes))
    best = group[0]
    by_worker: dict[str, list[Shown]] = {}
    for one in group:
        by_worker.setdefault(one.worker.id, []).append(one)
    rows = sorted(map(_row, by_worker.values()), key=lambda row: (row.number, row.id))
    objects, size = sum(row.objects for row in rows), sum(row.bytes for row in rows)
    values = {name: getattr(best.suspect, name) for name in best.suspect.__struct_fields__}
    values |= {
        "confidence": joined_confidence([row.confidence for row in rows], judged),
        "growing": Growing(
            type=best.suspect.growing.type,
            objects=objects,
            bytes=size,
            per_request=_rates(objects, size, sum(row.requests for row in rows)),
        ),
        "allocated_at": _sites(group),
        "endpoints": _endpoints(group),
        "evidence_facts": _evidence(group),
        "summary_fact": _summed(group),
    }
    return ServiceSuspect(
        **values, seen_in=len(rows), judged=judged, evidence_of=best.worker, workers=rows
    )


def _row(shown: Sequence[Shown]) -> SuspectInWorker:
    growing = [one.suspect.growing for one in shown]
    objects, size = sum(one.objects for one in growing), sum(one.bytes for one in growing)
    return SuspectInWorker(
        number=shown[0].worker.number,
        id=shown[0].worker.id,
        confidence=max(one.suspect.confidence for one in shown),
        objects=objects,
        bytes=size,
        requests=shown[0].requests,
        per_request=_rates(objects, size, shown[0].requests),
    )


def _rates(objects: int, size: int, requests: int) -> PerRequest:
    """Both are 0 where nobody counts the requests."""
    if not requests:
        return PerRequest(objects=0, bytes=0)
    return PerRequest(objects=round(objects / requests, 4), bytes=round(size / requests, 1))


def _sites(group: Iterable[Shown]) -> list[AllocatedAt]:
    sizes: Counter[tuple[str, int, str, str]] = Counter()
    samples: Counter[tuple[str, int, str, str]] = Counter()
    for one in group:
        for site in one.suspect.allocated_at:
            at = (site.file, site.line, site.function, site.library)
            sizes[at] += site.bytes
            if site.samples is not None:
                samples[at] += site.samples
    return [
        AllocatedAt(*at[:3], bytes=size, samples=samples.get(at), library=at[3])
        for at, size in sizes.most_common(MAX_SITES)
    ]


def _endpoints(group: Iterable[Shown]) -> list[EndpointShare]:
    """Each worker's shares, weighed by what grew there."""
    weights: Counter[str] = Counter()
    for one in group:
        for share in one.suspect.endpoints:
            weights[share.endpoint] += round(share.share * max(1, one.suspect.growing.bytes))
    total = sum(weights.values())
    return [
        EndpointShare(endpoint=name, share=round(weight / total, 3))
        for name, weight in weights.most_common()
        if total
    ]


def _evidence(group: Sequence[Shown]) -> list[EvidenceFact]:
    """That of the surest, and the paths of the others, where theirs differ."""
    first = group[0].suspect
    known = first.holder.path if first.holder else None
    others = [one.suspect.holder.path for one in group if one.suspect.holder]
    paths = [path for path in dict.fromkeys(others) if path and path != known]
    return [*first.evidence_facts, *([SameGrowthAt(paths=paths[:MAX_PLACES])] if paths else [])]


def _summed(group: Sequence[Shown]) -> SuspectFact | None:
    """The surest worker's fact, with the figures of all that have one of its kind."""
    first = group[0].suspect.summary_fact
    if first is None:
        return None
    same = [one for one in group if type(one.suspect.summary_fact) is type(first)]
    facts = [one.suspect.summary_fact for one in same]
    names = [name for name in SUMMED if name in first.__struct_fields__]
    changes = {name: sum(getattr(fact, name) for fact in facts) for name in names}
    # what one worker served counts once, however often the suspect shows in it
    changes["requests"] = sum({one.worker.id: one.requests for one in same}.values())
    if isinstance(first, ContainerGrew):
        removed = [fact.entries_removed for fact in facts if isinstance(fact, ContainerGrew)]
        changes["entries_removed"] = any(removed)
    return msgspec.structs.replace(first, **changes)
