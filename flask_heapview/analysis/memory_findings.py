"""Memory that no object accounts for: native, fragmented, or outside of the process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.report import Cause
from ..model.snapshot import Snapshot
from .finding import MB, Case, Finding, size
from .level_steps import Figure
from .series import Growth

SURE = 3 * MB  # of native growth: less may be what the threads' own arenas and caches came to
RESTS = 0.35  # confidence where the readings say that it came at once


def memory(case: Case, leaks: Sequence[Finding]) -> list[Finding]:
    """Native memory, fragmentation and memory outside the process, beside the leaks of objects."""
    anonymous = case.series(lambda s: s.process.anonymous, MB, lumpy=True)
    parts = (_off_process(case), _native(case, anonymous), _fragmented(case, anonymous))
    found = [finding for finding in parts if finding is not None]
    if leaks:  # what hangs on the objects that pile up goes with them
        for finding in found:
            if finding.cause != "off-process":
                finding.confidence = min(finding.confidence, 0.4)
            if finding.cause == "native" and len(leaks) == 1:
                _hang(finding, leaks[0])
    return found


def _off_process(case: Case) -> Finding | None:
    grown = _sliced(case, case.series(_tmpfs, MB), "files")
    if not grown.grows:
        return None
    found = _rest(case, "off-process", grown, "files", "temporary filesystems (tmpfs)")
    found.evidence += _files(case)
    return found


def _native(case: Case, anonymous: Growth) -> Finding | None:
    handed_out = case.series(_handed_out, MB, lumpy=True)
    grown = _sliced(case, handed_out, "malloc")
    if not grown.grows or grown.total < 0.3 * anonymous.total:
        return None
    sure = grown.confidence
    if handed_out.intervals > 1:
        # a table that doubles comes at once into what is handed out, bit by bit into what is used
        sure = max(sure, case.series(_resident, SURE, lumpy=True).confidence)
    if grown.total < SURE:
        sure = min(sure, 0.4)
    grown = msgspec.structs.replace(grown, confidence=sure)
    where = "the C library's heap, in no Python object"
    return _rest(case, "native", grown, "malloc", where)


def _fragmented(case: Case, anonymous: Growth) -> Finding | None:
    grown = _sliced(case, case.series(_free, 8 * MB, lumpy=True), "anonymous")
    if not grown.grows or grown.total < 0.5 * max(anonymous.total, 1):
        return None
    where = "free blocks that the allocator cannot give back"
    found = _rest(case, "fragmentation", grown, "anonymous", where)
    _whose(case, found)
    return found


def _sliced(case: Case, grown: Growth, figure: Figure) -> Growth:
    """With one interval alone, as sure as its slices are, where the process gained as much."""
    if not grown.grows or grown.intervals > 1:
        return grown
    if not case.steps.enough or sum(case.steps.gained(figure)) < 0.5 * grown.total:
        return grown
    slices = case.steps.growth(figure)
    if not slices.grows:  # it rose, and rests
        return msgspec.structs.replace(grown, confidence=min(grown.confidence, RESTS))
    return msgspec.structs.replace(slices, total=grown.total, per_request=grown.per_request)


def _hang(native: Finding, leak: Finding) -> None:
    """One leak of objects, and native memory: most likely the objects hold it."""
    leak.hanging = native.bytes
    each = f", {size(native.bytes / leak.objects)} an object" if leak.objects >= 1 else ""
    leak.evidence.append(
        f"{size(native.bytes)} more of native memory{each}: what these objects hold in a C "
        "library, or a leak of its own."
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


def _free(snapshot: Snapshot) -> float:
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
            f"{size(after.pymalloc_free or 0)} of the {size(after.pymalloc_arenas or 0)} in "
            "Python's own arenas are free: small objects that live long hold each arena."
        )
        return
    finding.growing = "malloc arenas"
    finding.figure = None  # who makes the heap grow need not be who left the holes that do not fit
    free = sorted((arena.free for arena in after.arenas), reverse=True)
    spread = f", the fullest has {size(free[0])}" if len(free) > 1 else ""
    finding.evidence.append(
        f"{size(after.malloc_free or 0)} of the {size(after.malloc_arenas or 0)} that the C "
        f"library has from the kernel are free, in {_arenas(len(free))}{spread}."
    )


def _arenas(count: int) -> str:
    return f"{count} arenas" if count > 1 else "one arena"


def _files(case: Case) -> list[str]:
    """Which files these are, the largest growth first."""
    before = {t.name: t for t in case.base.resources.in_memory}
    grown = []
    for tally in case.target.resources.in_memory:
        old = before.get(tally.name)
        more = (tally.size or 0) - ((old.size if old else 0) or 0)
        if more > 0:
            grown.append((more, tally.count - (old.count if old else 0), tally.name))
    grown.sort(reverse=True)
    return [f"{name}: {size(more)} more, in {count} more files." for more, count, name in grown[:3]]


def _tmpfs(snapshot: Snapshot) -> float:
    return snapshot.process.tmpfs


def _rest(case: Case, cause: Cause, grown: Growth, figure: Figure, where: str) -> Finding:
    return Finding(
        cause=cause,
        confidence=grown.confidence * 0.9,
        summary=f"{size(grown.total)} more in {where} after {case.served} requests",
        path=None,
        type="",
        growing="",
        objects=0,
        bytes=grown.total,
        per_request=0,
        sites=[],
        evidence=[
            f"{size(grown.per_request)} a request in {where}"
            + (f", in each of {grown.intervals} intervals." if grown.intervals > 1 else ".")
        ],
        figure=figure,
    )
