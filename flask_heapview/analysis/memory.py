"""Memory that no object accounts for: native, fragmented, or outside of the process."""

from __future__ import annotations

import msgspec

from ..model.report import Cause
from ..model.snapshot import Snapshot
from .finding import MB, Case, Figures, Finding, size
from .series import Growth

SURE = 3 * MB  # of native growth: less may be what the threads' own arenas and caches came to


def memory(case: Case, explained: bool) -> list[Finding]:
    """Native memory, fragmentation and memory outside the process."""
    found = []
    tmpfs = case.series(_tmpfs, MB)
    if tmpfs.grows:
        found.append(_rest(case, "off-process", tmpfs, ("files",), "temporary filesystems (tmpfs)"))
        found[-1].evidence += _files(case)
    anonymous = case.series(lambda s: s.process.anonymous, MB, lumpy=True)
    native = case.series(_native, MB, lumpy=True)
    if native.grows and native.total >= 0.3 * anonymous.total:
        if native.total < SURE:
            native = msgspec.structs.replace(native, confidence=min(native.confidence, 0.4))
        found.append(
            _rest(
                case,
                "native",
                native,
                ("malloc", "anonymous"),
                "the C library's heap, in no Python object",
            )
        )
    free = case.series(_free, 8 * MB, lumpy=True)
    if free.grows and free.total >= 0.5 * max(anonymous.total, 1):
        found.append(
            _rest(
                case,
                "fragmentation",
                free,
                ("anonymous",),
                "free blocks that the allocator cannot give back",
            )
        )
    if explained:  # what hangs on the objects that pile up goes with them
        for finding in found:
            if finding.cause != "off-process":
                finding.confidence = min(finding.confidence, 0.4)
    return found


def _native(snapshot: Snapshot) -> float:
    # tracemalloc counts its own tables without what malloc adds around each small block
    traced = snapshot.allocations
    return (snapshot.process.bridge.native or 0) - (
        2 * traced.overhead if traced.mode == "exact" else 0
    )


def _free(snapshot: Snapshot) -> float:
    allocators = snapshot.process.allocators
    return (allocators.pymalloc_free or 0) + (allocators.malloc_free or 0)


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


def _rest(case: Case, cause: Cause, grown: Growth, figures: Figures, where: str) -> Finding:
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
            f"{size(grown.per_request)} a request in {where}, in each of "
            f"{grown.intervals} intervals."
        ],
        figures=figures,
    )
