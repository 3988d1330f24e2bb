"""Suspects that hold what grows: containers, caches, registries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..model.ownership import Site
from .finding import Case, Finding, size
from .growing_nodes import Candidate, growing_owners
from .library_rules import HARNESS, MODULES, NEVER, OF_THE_CODE, OURS, PRUNED, cause_of
from .series import Growth, growth

# entries, entries a request, and slowest to fastest interval: imports do not come so evenly
MANY, OFTEN, EVEN = 50, 0.2, 0.8
BOUND_SHARE = 0.25  # a bound that lets a container take this share of all memory is none


def owners(case: Case) -> list[Finding]:
    importing = _imports(case)
    found = []
    for candidate in growing_owners(case.snapshots):
        if NEVER.match(candidate.path) or OURS.match(candidate.path):
            continue
        if OF_THE_CODE.match(candidate.path) and not _of_the_traffic(case, candidate):
            continue
        if any(kind.startswith(HARNESS) for kind in candidate.above):
            continue
        if any(kind in PRUNED for kind in candidate.above[-2:]):
            continue
        finding = _owner(case, candidate, importing)
        if finding is not None:
            found.append(finding)
    return found


def _of_the_traffic(case: Case, candidate: Candidate) -> bool:
    """Whether a table of the code's grows evenly with the requests, as no import does."""
    grown = candidate.growth
    steps = zip(pairwise(case.requests), pairwise(candidate.values), strict=False)
    rates = [(v1 - v0) / (r1 - r0) for (r0, r1), (v0, v1) in steps if r1 > r0]
    even = len(rates) > 1 and min(rates) >= EVEN * max(rates)
    return even and grown.total >= MANY and grown.per_request >= OFTEN


def _imports(case: Case) -> bool:
    """Whether modules were imported meanwhile: libraries' tables grow with them, once."""
    counts = [
        sum(h.entries for h in s.ownership.holders if h.path == MODULES) for s in case.snapshots
    ]
    return counts[-1] > counts[0]


def _owner(case: Case, candidate: Candidate, importing: bool) -> Finding | None:
    holder = candidate.holder
    sites = holder.sites if holder and holder.sites else []
    grown, along = _along(case, candidate, sites)
    evidence = [_rate(case, candidate)]
    if holder is not None and holder.limit is not None:
        verdict = _bounded(case, candidate, holder.limit)
        if verdict is None:
            return None
        evidence.append(verdict)
    if candidate.turnover:
        evidence.append("But entries go as well as come: what was in it before is there no more.")
    if grown.steady:
        evidence.append(f"It grew at one rate in each of {grown.intervals} intervals{along}.")
    if grown.since_start:
        evidence.append("The rate also explains what was there before: nothing was let go.")
    kinds = [candidate.entry_type, *(holder.entry_types if holder else ())]
    kind = holder.kind if holder else "container"
    cause = cause_of(candidate.path, candidate.above, kinds, kind)
    return Finding(
        cause=cause,
        confidence=_believed(candidate, grown, importing),
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
        steps=[] if candidate.swollen else [b - a for a, b in pairwise(candidate.values)],
    )


def _believed(candidate: Candidate, grown: Growth, importing: bool) -> float:
    """The confidence of its growth, less what speaks against it."""
    confidence = grown.confidence
    if not candidate.app:
        confidence *= 0.45 if importing and candidate.path != MODULES else 0.92
    if candidate.passing:
        confidence *= 0.4
    lasting = grown.since_start or grown.intervals > 2
    if candidate.turnover:
        confidence = min(confidence, 0.6 if lasting else 0.4)
    if candidate.swollen and not lasting:  # a result of the moment may be larger twice by chance
        confidence = min(confidence, 0.4)
    if candidate.new and grown.intervals == 1:  # made since, or found on another way than before
        confidence *= 0.4
    if candidate.path.startswith("("):
        confidence *= 0.5  # nobody can search for "(held from C)": it is a hint, not a name
    return confidence


def _along(case: Case, candidate: Candidate, sites: Sequence[Site]) -> tuple[Growth, str]:
    """Its growth along all requests, or along those of the endpoint that allocated all of it:
    where the mix of requests shifts, only the latter has one rate."""
    grown = candidate.growth
    endpoints = {site.endpoint for site in sites}
    endpoint = next(iter(endpoints), None)
    if grown.steady or len(endpoints) != 1 or endpoint is None or not candidate.values:
        return grown, ""
    requests = [s.info.requests.endpoints.get(endpoint, 0) for s in case.snapshots]
    own = growth(requests, candidate.values, candidate.growth.total)
    return (own, f" along the requests of {endpoint}") if own.steady else (grown, "")


def _rate(case: Case, candidate: Candidate) -> str:
    if candidate.swollen:
        first, last = candidate.values[0], candidate.values[-1]
        return (
            f"{candidate.path} went from {size(first)} to {size(last)} in {case.served} requests: "
            f"{size(candidate.growth.per_request)} each."
        )
    return (
        f"{candidate.path} gained {candidate.objects} entries in {case.served} requests: "
        f"{candidate.growth.per_request:.2f} and {size(candidate.bytes / case.served)} each."
    )


def _sentence(case: Case, candidate: Candidate) -> str:
    kind = candidate.type.rpartition(".")[2]
    if candidate.swollen:
        return (
            f"{kind} {candidate.path} grew by {size(candidate.bytes)} in {case.served} requests "
            "and is never emptied"
        )
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
