"""Threads and descriptors: where their number grows, it says what the owner's leak is."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.report import Cause
from .finding import Case, Finding
from .series import Growth


def counted(case: Case, owners: Sequence[Finding]) -> list[Finding]:
    """Descriptors and threads: where their number grows, it says what the owner's leak is."""
    found = []
    threads = case.series(lambda s: s.resources.thread_count, 5)
    if threads.grows:
        found += _things(case, "thread", "threads", threads, owners)
    files = case.series(lambda s: s.resources.descriptors, 5)
    if files.grows:
        found += _things(case, "unclosed-resource", "descriptors", files, owners)
    return found


def _things(
    case: Case, cause: Cause, what: str, grown: Growth, owners: Sequence[Finding]
) -> list[Finding]:
    sentence = f"{grown.total:.0f} {what} more in {case.served} requests."
    holders = [o for o in owners if _holds(case, cause, o)]
    if holders:
        for owner in holders:
            owner.cause = cause
            owner.evidence.append(sentence)
            owner.confidence = max(owner.confidence, min(grown.confidence, 0.97))
        return []
    kinds = (
        [t.name for t in case.target.resources.by_kind]
        if cause == "unclosed-resource"
        else [t.name for t in case.target.resources.threads]
    )
    return [
        Finding(
            cause=cause,
            confidence=grown.confidence * 0.9,
            summary=f"{grown.total:.0f} {what} were opened by {case.served} requests "
            "and never closed",
            path=None,
            type="",
            growing=kinds[0] if kinds else "",
            objects=grown.total,
            bytes=0,
            per_request=grown.per_request,
            sites=case.site_growth,
            evidence=[sentence],
        )
    ]


def _holds(case: Case, cause: Cause, owner: Finding) -> bool:
    if cause == "thread":
        return owner.cause == "thread"
    before = {(o.type, o.path): o.count for o in case.base.resources.open_objects}
    return any(
        o.count > before.get((o.type, o.path), 0)
        and owner.path is not None
        and o.path.startswith(owner.path)
        for o in case.target.resources.open_objects
    )
