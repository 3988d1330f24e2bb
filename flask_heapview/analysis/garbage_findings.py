"""Cyclic garbage that waits for the collector, or never sees it."""

from __future__ import annotations

from .finding import Case, Finding, size


def garbage(case: Case) -> list[Finding]:
    grown = case.series(lambda s: s.cycles.garbage_objects, 50)
    if not grown.grows:
        return []
    freed = _collected(case)
    if freed > grown.total:  # what is there now is only what came since the last collection
        return []
    confidence = grown.confidence
    evidence = [
        f"{grown.total:.0f} objects in {case.served} requests became cyclic garbage that "
        "nobody has collected."
    ]
    if freed > 0.2 * grown.total:
        confidence = min(confidence, 0.3)
        evidence.append(f"But the collector freed {freed} objects meanwhile: it does its work.")
    target = case.target.gc
    if not target.enabled:
        evidence.append("The collector is disabled.")
    evidence.append(f"Thresholds: {', '.join(str(g.threshold) for g in target.generations)}.")
    groups = [g for g in case.target.cycles.groups if g.garbage]
    top = max(groups, key=lambda g: g.size, default=None)
    if top is not None:
        evidence.append(f"The commonest shape: {top.chain} ({top.components} times).")
    grown_bytes = case.target.cycles.garbage_bytes - case.base.cycles.garbage_bytes
    named = next((t for t in top.types if "." in t), top.types[0]) if top else "object"
    return [
        Finding(
            cause="reference-cycle",
            confidence=confidence,
            summary=(
                f"{grown.total:.0f} objects ({size(grown_bytes)}) in circular references were "
                f"left behind by {case.served} requests and not collected"
            ),
            path=None,
            type=named,
            growing=named,
            objects=grown.total,
            bytes=max(0, grown_bytes),
            per_request=grown.per_request,
            sites=(top.sites if top else []) or case.site_growth,
            evidence=evidence,
            app=True,
        )
    ]


def _collected(case: Case) -> int:
    return sum(g.collected for g in case.target.gc.generations) - sum(
        g.collected for g in case.base.gc.generations
    )
