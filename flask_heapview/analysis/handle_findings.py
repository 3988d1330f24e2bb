"""Threads and descriptors: where their number grows, it says what the owner's leak is."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.facts import Handles, HandlesGrew, HandlesOpened
from ..model.report import Cause
from .finding import Case, Finding
from .series import Growth

MIN_HANDLES = 5  # threads or descriptors that must have come
MAX_OWNER_CONFIDENCE = 0.97  # of an owner, by the growth of its handles


def find_handles(case: Case, owners: Sequence[Finding]) -> list[Finding]:
    """Descriptors and threads: where their number grows, it says what the owner's leak is."""
    found = []
    threads = case.series(lambda s: s.resources.thread_count, MIN_HANDLES)
    if threads.grows:
        found += _things(case, "thread", "threads", threads, owners)
    files = case.series(lambda s: s.resources.descriptors, MIN_HANDLES)
    if files.grows:
        found += _things(case, "unclosed-resource", "descriptors", files, owners)
    return found


def _things(
    case: Case, cause: Cause, handles: Handles, grown: Growth, owners: Sequence[Finding]
) -> list[Finding]:
    more = HandlesGrew(handles=handles, count=round(grown.total), requests=case.served)
    holders = [o for o in owners if _holds(case, cause, o)]
    if holders:
        for owner in holders:
            owner.cause = cause
            owner.evidence.append(more)
            owner.confidence = max(owner.confidence, min(grown.confidence, MAX_OWNER_CONFIDENCE))
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
            summary=HandlesOpened(handles=handles, count=round(grown.total), requests=case.served),
            path=None,
            type="",
            growing=kinds[0] if kinds else "",
            objects=grown.total,
            bytes=0,
            per_request=grown.per_request,
            sites=case.site_growth,
            evidence=[more],
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
