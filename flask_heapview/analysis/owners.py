"""Suspects that hold what grows: containers, caches, registries."""

from __future__ import annotations

from .finding import Case, Finding, size
from .holders import Candidate, growing_owners
from .knowledge import HARNESS, OF_THE_CODE, OURS, cause_of

BOUND_SHARE = 0.25  # a bound that lets a container take this share of all memory is none


def owners(case: Case) -> list[Finding]:
    importing = _imports(case)
    found = []
    for candidate in growing_owners(case.snapshots):
        if OF_THE_CODE.match(candidate.path) or OURS.match(candidate.path):
            continue
        if any(kind.startswith(HARNESS) for kind in candidate.above):
            continue
        finding = _owner(case, candidate, importing)
        if finding is not None:
            found.append(finding)
    return found


def _imports(case: Case) -> bool:
    """Whether modules were imported meanwhile: libraries' tables grow with them, once."""
    counts = [
        sum(h.entries for h in s.ownership.holders if h.path == "sys.modules")
        for s in case.snapshots
    ]
    return counts[-1] > counts[0]


def _owner(case: Case, candidate: Candidate, importing: bool) -> Finding | None:
    grown = candidate.growth
    confidence = grown.confidence
    evidence = [_rate(case, candidate)]
    holder = candidate.holder
    if holder is not None and holder.limit is not None:
        verdict = _bounded(case, candidate, holder.limit)
        if verdict is None:
            return None
        evidence.append(verdict)
    if not candidate.app:
        confidence *= 0.45 if importing else 0.92
    if candidate.passing:
        confidence *= 0.4
    if candidate.turnover:
        confidence = min(confidence, 0.6 if grown.since_start or grown.intervals > 2 else 0.4)
        evidence.append("But entries go as well as come: what was in it before is there no more.")
    if candidate.path.startswith("("):
        confidence *= 0.5  # nobody can search for "(held from C)": it is a hint, not a name
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
        summary=_sentence(case, candidate),
        path=holder.path if holder and holder.kind == "cache" else candidate.path,
        type=candidate.type,
        growing=candidate.entry_type,
        objects=candidate.objects,
        bytes=candidate.bytes,
        per_request=grown.per_request,
        sites=sites or case.site_growth,
        evidence=evidence,
        app=candidate.app,
    )


def _rate(case: Case, candidate: Candidate) -> str:
    return (
        f"{candidate.path} gained {candidate.objects} entries in {case.served} requests: "
        f"{candidate.growth.per_request:.2f} and {size(candidate.bytes / case.served)} each."
    )


def _sentence(case: Case, candidate: Candidate) -> str:
    kind = candidate.type.rpartition(".")[2]
    return (
        f"{kind} {candidate.path} gained {candidate.objects} entries "
        f"({size(candidate.bytes)}) in {case.served} requests and never let one go"
    )


def _bounded(case: Case, candidate: Candidate, limit: int) -> str | None:
    """A sentence where the limit is too high to be one; None where it will do its work."""
    entries = candidate.holder.entries if candidate.holder else 0
    if entries > limit * 1.6:  # SQLAlchemy's caches go half above theirs before they trim
        return f"It holds {entries} entries, above the limit of {limit} it says it has."
    each = candidate.bytes / max(1, candidate.objects)
    total = case.target.process.container.limit or case.target.process.machine_total
    if not total or each * limit < BOUND_SHARE * total:
        return None
    return (
        f"Its limit is {limit} entries, which would take {size(each * limit)}: "
        f"more than this service can have ({size(total)})."
    )
