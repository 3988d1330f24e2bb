"""Threads and descriptors: where their number grows, it says what the owner's leak is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model.facts import Handles, HandlesGrew, HandlesOpened
from ..model.ownership import THREAD, Holder
from ..model.report import Cause
from ..model.resources import OpenObject
from .finding import Case, Finding
from .growing_nodes import bytes_gained_at
from .library_rules import cause_of
from .series import Growth
from .shadows import is_below

MIN_HANDLES = 5  # threads or descriptors that must have come
IN_USE_SHARE = 0.4  # of the confidence, where a running function works on what is open
MAX_OWNER_CONFIDENCE = 0.97  # of an owner, by the growth of its handles
OF_ALL_SHARE = 0.75  # of the confidence in a table of all threads, where the app itself holds them
MIN_ENTRIES_SHARE = 0.05  # of a holder's new entries, that came with a thread or descriptor
MIN_HELD_SHARE = 0.5  # of the threads that came, that are at a place which holds them


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
        # where few of its entries have one, it hangs on something that is kept for another reason
        main = [o for o in holders if grown.total >= MIN_ENTRIES_SHARE * o.objects]
        for owner in holders:
            owner.evidence.append(more)
        for owner in main:
            owner.cause = cause
            owner.confidence = max(owner.confidence, min(grown.confidence, MAX_OWNER_CONFIDENCE))
        _app_first(main)
        return []
    kinds = (
        [t.name for t in case.target.resources.by_kind]
        if cause == "unclosed-resource"
        else [t.name for t in case.target.resources.threads]
    )
    found = Finding(
        cause=cause,
        confidence=grown.confidence * 0.9,
        summary=HandlesOpened(handles=handles, count=round(grown.total), requests=case.served),
        path=None,
        type="",
        growing=kinds[0] if kinds else "",
        objects=grown.total,
        bytes=0,
        per_request=grown.per_request,
        sites=[],
        evidence=[more],
        figure=handles,
        growth=grown,
    )
    if cause == "thread":
        held = _holder_of_threads(case, grown.total)
        return [found if held is None else _held_by(case, found, held)]
    kept = _kept(case)
    return [found if kept is None else _held_at(case, found, kept)]


def _app_first(holders: Sequence[Finding]) -> None:
    """The interpreter's own tables hold all threads, whoever has made them."""
    if any(one.app for one in holders):
        for one in holders:
            one.confidence *= 1.0 if one.app else OF_ALL_SHARE


def _holder_of_threads(case: Case, came: float) -> Holder | None:
    """Where most of them are, as far as one place holds so many: the app's own, if it does."""
    # one snapshot does not tell how many were there before
    before = {} if case.rewound else {h.path: h.entries for h in case.base.ownership.holders}
    least = max(MIN_HANDLES, MIN_HELD_SHARE * came)
    found = [
        holder
        for holder in case.target.ownership.holders
        if cause_of(holder.path, (), holder.entry_types, holder.kind) == "thread"
        and holder.entries - before.get(holder.path, 0) >= least
    ]
    return max(found, key=lambda one: (one.app, one.entries), default=None)


def _held_by(case: Case, finding: Finding, holder: Holder) -> Finding:
    finding.path, finding.type, finding.sites = holder.path, holder.type, holder.sites
    finding.growing, finding.app = (holder.entry_types or [finding.growing])[0], holder.app
    finding.bytes = bytes_gained_at(case.snapshots, holder.path)
    return finding


def _kept(case: Case) -> OpenObject | None:
    """Where most of the objects came that hold a resource open, and that somebody keeps."""
    before = _open_before(case)
    gained = {
        (o.type, o.path): o.count - before.get((o.type, o.path), 0)
        for o in case.target.resources.open_objects
    }
    found = [
        msgspec.structs.replace(o, count=gained[o.type, o.path])
        for o in case.target.resources.open_objects
        if gained[o.type, o.path] >= MIN_HANDLES and not o.path.startswith("(")
    ]
    return max(found, key=lambda o: o.count, default=None)


def _held_at(case: Case, finding: Finding, kept: OpenObject) -> Finding:
    """The finding, of the objects kept there."""
    size = bytes_gained_at(case.snapshots, kept.path)
    asked = sum(site.count for site in kept.sites)
    sites = [
        msgspec.structs.replace(site, size=round(size * site.count / asked)) for site in kept.sites
    ]
    types = [h.type for h in case.target.ownership.holders if h.path == kept.path]
    finding.path, finding.type, finding.growing = kept.path, (types or [""])[0], kept.type
    if kept.path.startswith(THREAD):
        finding.confidence *= IN_USE_SHARE
    finding.objects, finding.bytes, finding.sites = kept.count, size, sites or finding.sites
    return finding


def _holds(case: Case, cause: Cause, owner: Finding) -> bool:
    if cause == "thread":
        return owner.cause == "thread"
    before = _open_before(case)
    return any(
        o.count > before.get((o.type, o.path), 0) and is_below(o.path, owner.path)
        for o in case.target.resources.open_objects
    )


def _open_before(case: Case) -> dict[tuple[str, str], int]:
    return {(o.type, o.path): o.count for o in case.base.resources.open_objects}
