"""Cyclic garbage that waits for the collector, or never sees it."""

from __future__ import annotations

from ..model.facts import (
    CollectorDisabled,
    CollectorThresholds,
    CommonCycle,
    EvidenceFact,
    GarbageFreed,
    GarbageGrew,
    GarbageLeft,
)
from .finding import Case, Finding

MIN_OBJECTS = 50  # objects of garbage that must have come
MIN_FREED_SHARE = 0.2  # of the growth: a collector that freed more does its work
MAX_COLLECTED_CONFIDENCE = 0.3  # where the collector does its work


def find_garbage(case: Case) -> list[Finding]:
    """One suspect where cyclic garbage grows; none where the collector freed more."""
    grown = case.series(lambda s: s.cycles.garbage_objects, MIN_OBJECTS)
    if not grown.grows:
        return []
    freed = _collected(case)
    if freed > grown.total:  # what is there now is only what came since the last collection
        return []
    confidence = grown.confidence
    evidence: list[EvidenceFact] = [GarbageGrew(objects=round(grown.total), requests=case.served)]
    if freed > MIN_FREED_SHARE * grown.total:
        confidence = min(confidence, MAX_COLLECTED_CONFIDENCE)
        evidence.append(GarbageFreed(objects=freed))
    target = case.target.gc
    if not target.enabled:
        evidence.append(CollectorDisabled())
    if target.generations:
        thresholds = [g.threshold for g in target.generations]
        evidence.append(CollectorThresholds(thresholds=thresholds))
    groups = [g for g in case.target.cycles.groups if g.garbage]
    top = max(groups, key=lambda g: g.size, default=None)
    if top is not None:
        evidence.append(CommonCycle(chain=top.chain, cycles=top.components))
    size = _bytes_of(case, grown.total)
    named = next((t for t in top.types if "." in t), top.types[0]) if top else "object"
    return [
        Finding(
            cause="reference-cycle",
            confidence=confidence,
            summary=GarbageLeft(objects=round(grown.total), bytes=size, requests=case.served),
            path=None,
            type=named,
            growing=named,
            objects=grown.total,
            bytes=size,
            per_request=grown.per_request,
            sites=top.sites if top else [],
            evidence=evidence,
            app=True,
            growth=grown,
        )
    ]


def _bytes_of(case: Case, objects: float) -> int:
    """Bytes of the garbage that came: its share of all, where it replaced larger things."""
    base, target = case.base.cycles, case.target.cycles
    gained = target.garbage_bytes - base.garbage_bytes
    return gained if gained > 0 else round(target.garbage_bytes * objects / target.garbage_objects)


def _collected(case: Case) -> int:
    return sum(g.collected for g in case.target.gc.generations) - sum(
        g.collected for g in case.base.gc.generations
    )
