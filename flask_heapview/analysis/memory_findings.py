"""Memory that no object accounts for: native, fragmented, or outside of the process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.facts import (
    MallocFree,
    Memory,
    MemoryFileGrew,
    MemoryGrew,
    MemoryRate,
    NativeAlongside,
    PymallocFree,
    WrittenElsewhere,
)
from ..model.library_facts import NativeCaller
from ..model.native import NativeSite
from ..model.process import Allocators
from ..model.report import Cause
from ..model.snapshot import Snapshot
from .finding import MB, Case, Finding
from .growth_by_endpoint import explain
from .level_steps import Figure
from .lost_findings import MIN_SAMPLED_SHARE, sites_gained
from .native_callers import as_sites, caller_fact, main_callers, native_gained
from .native_leaks import native_leaks
from .native_remedies import native_rule
from .pinned_arenas import pinned_growth
from .regression import EndpointGrowth
from .series import Growth

# native growth: less may be what the threads' arenas and caches came to, unless it is as regular
# as requests are: what threads take comes once
MIN_NATIVE_BYTES = 3 * MB
MIN_REGULAR_BYTES = MB // 2
MIN_FREE_BYTES = 8 * MB  # growth of what is free, from which it is fragmentation
MIN_RATE_ERRORS = 8.0  # standard errors that what a request leaves behind must be away from nothing
MIN_RESIDENT_SHARE = 0.3  # of what the process grew by, from which native memory is the reason
# of all native growth: a fit strays by less, since not all blocks of the leak beside it are alike
MIN_APART_SHARE = 0.1
MIN_OBJECT_BYTES = 16  # of the smallest Python object: its count and its type
MAX_DEPENDENT_CONFIDENCE = 0.4  # beside a leak of objects, on which it may hang
MAX_ARENAS_CONFIDENCE = 0.4  # where what the threads' arenas may come to is not exceeded
MIN_WRITTEN_SHARE = 0.5  # of the files' growth, that the service's processes must have written
MAX_ELSEWHERE_CONFIDENCE = 0.4  # where other programs may have written them
MAX_FILES = 3  # names of files in memory that are shown
MAX_AT_ONCE_CONFIDENCE = 0.35  # confidence where the readings say that it came at once


def find_memory_growth(case: Case, leaks: Sequence[Finding]) -> list[Finding]:
    """Native memory, fragmentation and memory outside the process, beside the leaks of objects."""
    native = _native(case)
    parts = (_off_process(case), *native, _fragmented(case))
    found = [finding for finding in parts if finding is not None]
    leaks = [leak for leak in leaks if _may_hold(leak)]
    reason = _is_the_reason(case, sum(finding.bytes for finding in native))
    kept = []
    for finding in found:
        apart = finding.cause == "native" and leaks and _stands_apart(case, finding, leaks)
        if not apart and finding.cause == "native" and not reason:
            continue
        if leaks and not apart:  # what hangs on the objects that pile up goes with them
            _depend(finding, leaks)
        kept.append(finding)
    return kept


def _depend(finding: Finding, leaks: Sequence[Finding]) -> None:
    """On the objects that pile up; files in memory do not."""
    if finding.cause != "off-process":
        finding.confidence = min(finding.confidence, MAX_DEPENDENT_CONFIDENCE)
    if finding.cause == "native" and len(leaks) == 1:
        _hang(finding, leaks[0])


def _is_the_reason(case: Case, native: float) -> bool:
    """Of what the process grew by for long: garbage that waits for the collector goes again."""
    waiting = case.target.cycles.garbage_bytes - case.base.cycles.garbage_bytes
    grown = case.settled[-1] - case.settled[0]
    return native >= MIN_RESIDENT_SHARE * (grown - max(0, waiting))


def _stands_apart(case: Case, native: Finding, leaks: Sequence[Finding]) -> bool:
    """Whether the requests of endpoints that leak no objects explain it: then it hangs on none.
    Only what they explain is its own."""
    guilty = {leak.sites[0].endpoint if leak.sites else None for leak in leaks}
    if None in guilty:  # it may be any of them
        return False
    guiltless = (one for one in native.sites if one.endpoint not in guilty)
    callers = [one for one in guiltless if one.library and one.endpoint is not None]
    sampled = sum(one.size for one in callers)
    if sampled >= MIN_NATIVE_BYTES or (callers and native.bytes < MIN_NATIVE_BYTES):
        native.bytes = min(native.bytes, sampled)
        native.sites = callers
        native.summary = MemoryGrew(memory="native", bytes=native.bytes, requests=case.served)
        return True
    apart = [one for one in _explained(case) if one.endpoint not in guilty]
    size = min(native.bytes, sum(one.bytes for one in apart))
    if size < MIN_APART_SHARE * native.bytes:
        return False
    if size < MIN_NATIVE_BYTES and not _is_regular(apart, size):
        return False
    native.bytes, native.explained = size, apart
    native.summary = MemoryGrew(memory="native", bytes=size, requests=case.served)
    return True


def _explained(case: Case) -> list[EndpointGrowth]:
    return explain(case.level_steps, "malloc")


def _is_regular(explained: Sequence[EndpointGrowth], total: float) -> bool:
    """Whether each request leaves so much behind, beyond doubt."""
    sure = [one for one in explained if one.per_request >= MIN_RATE_ERRORS * one.error > 0]
    return total >= MIN_REGULAR_BYTES and sum(one.bytes for one in sure) >= total / 2


def _may_hold(leak: Finding) -> bool:
    """Whether native memory can hang on what piles up. On pointers alone it cannot: what they lead
    to is held elsewhere, and was there before or is a leak of its own."""
    return leak.path is None or leak.bytes >= MIN_OBJECT_BYTES * leak.objects


def _off_process(case: Case) -> Finding | None:
    # other workers' files are among them, and so they come at no even rate of this one's requests
    grown = _sliced(case, case.series(_tmpfs, MB, lumpy=True), "files")
    if not grown.grows:
        return None
    found = _rest(case, "off-process", grown, "files", "tmpfs")
    found.evidence += _files(case)
    written = _written(case)
    if written is not None and written < MIN_WRITTEN_SHARE * grown.total:
        found.evidence.append(WrittenElsewhere(bytes=written))
        if not explain(case.level_steps, "files"):  # as `fallocate` does, or a program it has run
            found.confidence = min(found.confidence, MAX_ELSEWHERE_CONFIDENCE)
    return found


def _written(case: Case) -> int | None:
    """Bytes that the service's processes wrote meanwhile, at most; None where it is not known."""
    before, after = case.base.process.written, case.target.process.written
    if case.rewound or before is None or after is None or after < before:  # a worker has ended
        return None
    return after - before


def _native(case: Case) -> list[Finding]:
    handed_out = case.series(_handed_out, MB, lumpy=True)
    grown = _sliced(case, handed_out, "malloc")
    if not grown.grows:
        return []
    sure = grown.confidence
    if handed_out.intervals > 1:
        # a table that doubles comes at once into what is handed out, bit by bit into what is used
        sure = max(sure, case.series(_resident, MIN_NATIVE_BYTES, lumpy=True).confidence)
    if grown.total < MIN_NATIVE_BYTES and not _is_regular(_explained(case), grown.total):
        sure = min(sure, 0.4)
    grown = msgspec.structs.replace(grown, confidence=sure)
    gained = native_gained(case, grown.total)
    apart = native_leaks(case, gained)
    if len(apart) > 1:
        return [_called(case, leak.growth, leak.callers, None) for leak in apart]
    callers = main_callers(gained)
    if callers:
        return [_called(case, grown, callers, "malloc")]
    found = _rest(case, "native", grown, "malloc", "native")
    sites = sites_gained(case, lambda found: found.unheld_large)
    if sum(site.size for site in sites) >= MIN_SAMPLED_SHARE * grown.total:
        found.sites = sites
    return [found]


def _called(
    case: Case, grown: Growth, callers: Sequence[NativeSite], figure: Figure | None
) -> Finding:
    """What these functions of C took. Of one leak among several the process has no figure."""
    found = _rest(case, "native", grown, figure, "native")
    found.sites = as_sites(callers)
    found.growing = f"{found.sites[0].function} of {found.sites[0].library}"
    found.evidence.append(caller_fact(callers))
    found.remedy = native_rule(callers[0])
    return found


def _fragmented(case: Case) -> Finding | None:
    free = _sliced(case, case.series(free_bytes, MIN_FREE_BYTES, lumpy=True), "anonymous")
    grown = max(free, pinned_growth(case), key=lambda one: one.confidence)
    if not grown.grows or not _keeps_the_process_large(case, grown):
        return None
    found = _rest(case, "fragmentation", grown, "anonymous", "fragmented")
    _whose(case, found)
    return found


def _keeps_the_process_large(case: Case, free: Growth) -> bool:
    """Whether the process grew by about as much, and not where garbage lay that went since."""
    gone = case.base.cycles.garbage_bytes - case.target.cycles.garbage_bytes
    if free.total - max(0, gone) < MIN_FREE_BYTES:
        return False
    return 0.5 * free.total <= case.settled[-1] - case.settled[0] <= 2 * free.total


def _sliced(case: Case, grown: Growth, figure: Figure) -> Growth:
    """With one interval alone, as sure as its slices are, where the process gained as much."""
    if not grown.grows or grown.intervals > 1:
        return grown
    if not case.level_steps.enough or sum(case.level_steps.gained(figure)) < 0.5 * grown.total:
        return grown
    slices = case.level_steps.growth(figure)
    if not slices.grows:  # it rose, and rests
        return msgspec.structs.replace(
            grown, confidence=min(grown.confidence, MAX_AT_ONCE_CONFIDENCE)
        )
    return msgspec.structs.replace(slices, total=grown.total, per_request=grown.per_request)


def _hang(native: Finding, leak: Finding) -> None:
    """One leak of objects, and native memory: most likely the objects hold it."""
    leak.hanging = native.bytes
    each = native.bytes / leak.objects if leak.objects >= 1 else None
    leak.evidence.append(
        _laid_to_library(NativeAlongside(bytes=native.bytes, bytes_per_object=each), native, leak)
    )


def _laid_to_library(fact: NativeAlongside, native: Finding, leak: Finding) -> NativeAlongside:
    """With the library that took most, where the same requests leave the objects behind."""
    caller = next((one for one in native.evidence if isinstance(one, NativeCaller)), None)
    if caller is None or not leak.sites:
        return fact
    endpoint = leak.sites[0].endpoint
    same = [one for one in native.sites if one.endpoint == endpoint]
    if not same or same[0] is not native.sites[0]:
        return fact
    took = sum(one.size for one in same if one.library == same[0].library)
    return msgspec.structs.replace(
        fact, library=caller.library, function=caller.function, library_bytes=took
    )


def _handed_out(snapshot: Snapshot) -> float:
    # tracemalloc counts its own tables without what malloc adds around each small block
    traced = snapshot.allocations
    return (snapshot.process.bridge.native or 0) - (
        2 * traced.overhead if traced.mode == "exact" else 0
    )


def _resident(snapshot: Snapshot) -> float:
    """What is resident and neither Python's objects nor its allocator's."""
    bridge = snapshot.process.bridge
    python = (bridge.python_objects or 0) + (bridge.python_overhead or 0)
    return (snapshot.process.anonymous or 0) - python


def free_bytes(snapshot: Snapshot) -> float:
    """In the allocators, and handed out to nobody."""
    allocators = snapshot.process.allocators
    return (allocators.pymalloc_free or 0) + (allocators.malloc_free or 0)


def _whose(case: Case, finding: Finding) -> None:
    """Which allocator's blocks these are: the remedies differ."""
    before, after = case.base.process.allocators, case.target.process.allocators
    pymalloc = (after.pymalloc_free or 0) - (before.pymalloc_free or 0)
    malloc = (after.malloc_free or 0) - (before.malloc_free or 0)
    if pymalloc >= malloc:
        finding.growing = "pymalloc arenas"
        finding.evidence.append(
            PymallocFree(
                free_bytes=after.pymalloc_free or 0, arena_bytes=after.pymalloc_arenas or 0
            )
        )
        return
    finding.growing = "malloc arenas"
    finding.figure = None  # who makes the heap grow need not be who left the holes that do not fit
    if after.malloc_free is not None and after.malloc_free <= _room_of_arenas(after):
        finding.confidence = min(finding.confidence, MAX_ARENAS_CONFIDENCE)
    free = sorted((arena.free for arena in after.arenas), reverse=True)
    finding.evidence.append(
        MallocFree(
            free_bytes=after.malloc_free or 0,
            arena_bytes=after.malloc_arenas or 0,
            arenas=len(free),
            fullest_free_bytes=free[0] if len(free) > 1 else None,
        )
    )


def _room_of_arenas(after: Allocators) -> int:
    """What may lie free for no other reason than that threads take turns: each has an arena, and
    what is handed out now may have lain in any of them before, once. Then it levels off."""
    handed_out = (after.malloc_arenas or 0) - (after.malloc_free or 0)
    return max(0, len(after.arenas) - 1) * handed_out


def _files(case: Case) -> list[MemoryFileGrew]:
    """Which files these are, the largest growth first."""
    before = {t.name: t for t in case.base.resources.in_memory}
    grown = []
    for tally in case.target.resources.in_memory:
        old = before.get(tally.name)
        more = (tally.size or 0) - ((old.size if old else 0) or 0)
        if more > 0:
            grown.append((more, tally.count - (old.count if old else 0), tally.name))
    grown.sort(reverse=True)
    return [
        MemoryFileGrew(name=name, bytes=more, files=count)
        for more, count, name in grown[:MAX_FILES]
    ]


def _tmpfs(snapshot: Snapshot) -> float:
    return snapshot.process.tmpfs


def _rest(
    case: Case, cause: Cause, grown: Growth, figure: Figure | None, memory: Memory
) -> Finding:
    return Finding(
        cause=cause,
        confidence=grown.confidence * 0.9,
        summary=MemoryGrew(memory=memory, bytes=grown.total, requests=case.served),
        path=None,
        type="",
        growing="",
        objects=0,
        bytes=grown.total,
        per_request=0,
        sites=[],
        evidence=[
            MemoryRate(
                memory=memory, bytes_per_request=grown.per_request, intervals=grown.intervals
            )
        ],
        figure=figure,
        growth=grown,
    )
