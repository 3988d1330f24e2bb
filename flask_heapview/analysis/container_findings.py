"""Suspects that hold what grows: containers, caches, registries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from ..model.facts import (
    ContainerGrew,
    EntriesRemoved,
    EntryRate,
    EvidenceFact,
    LimitExceeded,
    LimitOfOwner,
    LimitTooHigh,
    ObjectGrew,
    ObjectsLost,
    RateSinceStart,
    SizeRate,
    SteadyRate,
    Unit,
    WeakEntries,
)
from ..model.ownership import FROM_C, THREAD, Site
from ..model.snapshot import requests_of
from .finding import Case, Finding
from .growing_nodes import GrowingNode
from .growing_sites import gained_at, sizes_by_endpoint
from .level_ages import confidence_by_age
from .library_rules import (
    CODE_TABLE_PATHS,
    CONNECTION_PATHS,
    GARBAGE_LIST,
    INTERPRETER_PATHS,
    MODULES_PATH,
    PROFILER_PATHS,
    SELF_TRIMMING_TYPES,
    TEST_HARNESS_TYPES,
    cause_of,
)
from .own_sites import own_sites
from .past_of_owner import Past, past_of
from .series import Growth, measure_growth

# a table of the code's grows with the traffic from here on: imports do not come so evenly
MIN_ENTRIES = 50
MIN_ENTRIES_PER_REQUEST = 0.2
MIN_RATE_RATIO = 0.8  # slowest interval / fastest interval
MIN_LIMIT_SHARE = 0.25  # of all memory: a limit that lets a container take so much is none
IMPORTING_SHARE = 0.45  # of the confidence, while modules are imported: what is no app's grows then
MAX_AWAITING_CONFIDENCE = 0.4  # where the next collection may take the entries away
LEVEL_CONFIDENCE = 0.9  # where parts of the past differ by chance alone
MAX_BOUNDED_CONFIDENCE = 0.4  # below a limit that may be this container's
MIN_ENDPOINT_SHARE = 0.9  # of what has an endpoint: the rest may be what a reused block was before
# SQLAlchemy's caches go half above their limit before they trim
MAX_OVER_LIMIT_RATIO = 1.6  # entries / limit


class _Around(msgspec.Struct, frozen=True):
    """What else happens in the process, of which all its owners are told apart."""

    importing: bool  # modules were imported meanwhile
    in_tests: bool  # the app runs within a test


def find_containers(case: Case) -> list[Finding]:
    """A suspect for each owner that grows, but those known to be bounded."""
    around = _Around(_imports(case), _in_tests(case))
    found = []
    for candidate in case.grown.owners:
        if INTERPRETER_PATHS.match(candidate.path) or PROFILER_PATHS.match(candidate.path):
            continue
        if CODE_TABLE_PATHS.match(candidate.path) and not _of_the_traffic(case, candidate):
            continue
        if any(kind.startswith(TEST_HARNESS_TYPES) for kind in candidate.above):
            continue
        if CONNECTION_PATHS.match(candidate.path):
            continue
        if any(kind in SELF_TRIMMING_TYPES for kind in candidate.above[-2:]):
            continue
        finding = _owner(case, candidate, around)
        by_age = _by_age(case, candidate)
        if finding is not None and by_age:
            finding.confidence = min(finding.confidence, by_age)
            found.append(finding)
    return found


def _of_the_traffic(case: Case, candidate: GrowingNode) -> bool:
    """Whether a table of the code's grows evenly with the requests, as no import does."""
    grown = candidate.growth
    steps = zip(pairwise(case.requests), pairwise(candidate.values), strict=False)
    rates = [(v1 - v0) / (r1 - r0) for (r0, r1), (v0, v1) in steps if r1 > r0]
    even = len(rates) > 1 and min(rates) >= MIN_RATE_RATIO * max(rates)
    return even and grown.total >= MIN_ENTRIES and grown.per_request >= MIN_ENTRIES_PER_REQUEST


def _imports(case: Case) -> bool:
    """Whether modules were imported meanwhile: libraries' tables grow with them, once."""
    counts = [
        sum(h.entries for h in s.ownership.holders if h.path == MODULES_PATH)
        for s in case.snapshots
    ]
    return counts[-1] > counts[0]


def _in_tests(case: Case) -> bool:
    roots = case.target.ownership.stacks.roots().values()
    return any(label.partition(".")[0] == "_pytest" for label in roots)


def _by_age(case: Case, candidate: GrowingNode) -> float:
    """The most confidence in what C code or a thread's local variables hold: a function that is
    running may only work on it."""
    ages = case.ages_below(candidate.at) if candidate.path.startswith((FROM_C, THREAD)) else None
    return 1.0 if ages is None else confidence_by_age(ages.size, ages.samples, case.begun_share)


def _held_from_c(case: Case, candidate: GrowingNode, around: _Around) -> Finding:
    """Objects with more references than any object accounts for: C code lost count of them, or a
    function that is running works on them."""
    grown = candidate.growth
    before = [] if case.rewound else case.base.ownership.from_c
    past = past_of(case, candidate, [])
    sure = grown.confidence * (IMPORTING_SHARE if around.importing else 1.0)
    return Finding(
        cause="uncollectable",
        confidence=min(sure, past.confidence),
        summary=ObjectsLost(
            bytes=candidate.bytes,
            objects=candidate.objects,
            type=candidate.entry_type,
            requests=case.served,
        ),
        path=None,
        type=candidate.entry_type,
        growing=candidate.entry_type,
        objects=candidate.objects,
        bytes=candidate.bytes,
        per_request=grown.per_request,
        sites=gained_at(before, case.target.ownership.from_c),
        evidence=[_rate(case, candidate), *past.evidence],
        parts=[(candidate.chain, candidate.bytes)],
        steps=[b - a for a, b in pairwise(candidate.values)],
        growth=grown,
    )


def _owner(case: Case, candidate: GrowingNode, around: _Around) -> Finding | None:
    if candidate.path == FROM_C and len(candidate.chain) == 1:
        return _held_from_c(case, candidate, around)
    holder = candidate.holder
    sites = own_sites(case, candidate)
    past = past_of(case, candidate, sites)
    grown, endpoint = _along(case, candidate, sites, past)
    evidence: list[EvidenceFact] = [_rate(case, candidate)]
    bound = _bound(case, candidate)
    if bound.certain:
        return None
    evidence += bound.evidence
    evidence += past.evidence
    if candidate.turnover:
        evidence.append(EntriesRemoved())
    garbage = _awaits_collector(case, candidate)
    if garbage:
        evidence.append(WeakEntries(garbage_objects=garbage))
    if grown.steady and not case.rewound:
        evidence.append(SteadyRate(intervals=grown.intervals, endpoint=endpoint))
    if grown.since_start and not case.rewound:
        unit: Unit = "bytes" if candidate.swollen else "entries"
        evidence.append(RateSinceStart(unit=unit, entries_removed=candidate.turnover))
    kinds = [candidate.entry_type, *(holder.entry_types if holder else ())]
    kind = holder.kind if holder else "container"
    cause = cause_of(candidate.path, candidate.above, kinds, kind)
    return Finding(
        cause=cause,
        confidence=min(
            _believed(candidate, grown, around),
            MAX_AWAITING_CONFIDENCE if garbage else 1.0,
            MAX_BOUNDED_CONFIDENCE if bound.may_be else 1.0,
            past.confidence,
        ),
        summary=_summary(case, candidate),
        path=holder.path if holder and holder.kind == "cache" else candidate.path,
        type=candidate.type,
        growing=candidate.entry_type,
        objects=candidate.objects,
        bytes=candidate.bytes,
        per_request=grown.per_request,
        sites=sites,
        evidence=evidence,
        app=candidate.app,
        above=candidate.above,
        parts=[(candidate.chain, candidate.bytes)],
        steps=[] if candidate.swollen else [b - a for a, b in pairwise(candidate.values)],
        growth=grown,
    )


def _believed(candidate: GrowingNode, grown: Growth, around: _Around) -> float:
    """The confidence of its growth, less what speaks against it."""
    confidence = grown.confidence
    if not candidate.app:
        alone = not around.importing or candidate.path == MODULES_PATH
        confidence *= 0.92 if alone else IMPORTING_SHARE
    if candidate.passing:
        confidence *= 0.4
    lasting = grown.since_start or grown.intervals > 2
    if candidate.turnover:
        confidence = min(confidence, 0.6 if lasting else 0.4)
    if candidate.swollen and not lasting:  # a result of the moment may be larger twice by chance
        confidence = min(confidence, 0.4)
    if candidate.new and grown.intervals == 1:  # made since, or found on another way than before
        confidence *= 0.4
    if candidate.path.startswith("(") and around.in_tests:
        confidence *= 0.5  # a test runner's own frames hold what it has captured, and nothing else
    return confidence


def _awaits_collector(case: Case, candidate: GrowingNode) -> int:
    """Objects of cyclic garbage that came, if its entries may go with them: they refer to their
    objects weakly, and garbage grew in every interval, by as much. Otherwise 0."""
    garbage = case.values(lambda s: s.cycles.garbage_objects)
    steps = zip(pairwise(garbage), pairwise(candidate.values), strict=False)
    along = candidate.weak and all(g1 - g0 >= v1 - v0 for (g0, g1), (v0, v1) in steps)
    return round(garbage[-1] - garbage[0]) if along else 0


def _along(
    case: Case, candidate: GrowingNode, sites: Sequence[Site], past: Past
) -> tuple[Growth, str | None]:
    """Its growth along all requests, or along those of the endpoint that allocated nearly all of
    it: where the mix of requests shifts, only the latter has one rate."""
    grown = candidate.growth
    if past.level and not grown.steady:
        return msgspec.structs.replace(grown, steady=True, confidence=LEVEL_CONFIDENCE), None
    if GARBAGE_LIST.match(candidate.path) and not grown.steady:  # the collector fills it, at times
        return measure_growth(case.requests, candidate.values, grown.total, lumpy=True), None
    endpoint = _main_endpoint(sites)
    if grown.steady or endpoint is None or not candidate.values:
        return grown, None
    requests = [requests_of(s.info.requests.endpoints, endpoint) for s in case.snapshots]
    own = measure_growth(requests, candidate.values, candidate.growth.total)
    return (own, endpoint) if own.steady else (grown, None)


def _main_endpoint(sites: Sequence[Site]) -> str | None:
    """The endpoint whose requests allocated nearly all. What the server allocates before a request
    has a route, and outlives it, has none of its own."""
    sizes = sizes_by_endpoint(sites)
    if not sizes:
        return None
    endpoint, size = sizes.most_common(1)[0]
    return endpoint if size >= MIN_ENDPOINT_SHARE * sizes.total() else None


def _rate(case: Case, candidate: GrowingNode) -> EntryRate | SizeRate:
    if candidate.swollen:
        return SizeRate(
            path=candidate.path,
            bytes_before=candidate.values[0],
            bytes_after=candidate.values[-1],
            requests=case.served,
            bytes_per_request=candidate.growth.per_request,
        )
    return EntryRate(
        path=candidate.path,
        entries=candidate.objects,
        requests=case.served,
        entries_per_request=candidate.growth.per_request,
        bytes_per_request=candidate.bytes / (case.requests[-1] - case.requests[0]),
    )


def _summary(case: Case, candidate: GrowingNode) -> ContainerGrew | ObjectGrew:
    kind = candidate.type.rpartition(".")[2]
    if candidate.swollen:
        return ObjectGrew(
            path=candidate.path, type=kind, bytes=candidate.bytes, requests=case.served
        )
    return ContainerGrew(
        path=candidate.path,
        type=kind,
        entries=candidate.objects,
        bytes=candidate.bytes,
        requests=case.served,
        entries_removed=candidate.turnover or case.rewound,  # nobody has seen those that went
    )


class _Bound(msgspec.Struct):
    """What the limit of a container's, if it has one, says of its growth."""

    certain: bool = False  # it will do its work
    may_be: bool = False  # it may be that of another container
    evidence: list[EvidenceFact] = []


def _bound(case: Case, candidate: GrowingNode) -> _Bound:
    holder = candidate.holder
    if holder is None or holder.limit is None:
        return _Bound()
    why = _above_limit(case, candidate, holder.limit)
    if not holder.limit_guessed:
        return _Bound(certain=why is None, evidence=[why] if why is not None else [])
    if why is not None:  # so the limit is not this container's
        return _Bound()
    return _Bound(may_be=True, evidence=[LimitOfOwner(limit_entries=holder.limit)])


def _above_limit(
    case: Case, candidate: GrowingNode, limit: int
) -> LimitExceeded | LimitTooHigh | None:
    """Why the limit is none; None where it will do its work."""
    entries = candidate.holder.entries if candidate.holder else 0
    if entries > limit * MAX_OVER_LIMIT_RATIO:
        return LimitExceeded(entries=entries, limit_entries=limit)
    each = candidate.bytes / max(1, candidate.objects)
    total = case.target.process.container.limit or case.target.process.machine_total
    if not total or each * limit < MIN_LIMIT_SHARE * total:
        return None
    return LimitTooHigh(limit_entries=limit, limit_bytes=each * limit, available_bytes=total)
