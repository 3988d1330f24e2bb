"""Questions about all workers of a service, each with the snapshots that it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..analysis.across import Compared, compare_workers
from ..analysis.join_reports import join
from ..errors import BadRequest, Conflict, HeapViewError
from ..model.across import Across
from ..model.query import TableQuery, WorkerRef
from ..model.report import Report
from ..model.service_report import MissingWorker, ServiceReport
from ..model.snapshot import Snapshot, SnapshotInfo
from ..model.worker_facts import (
    MissingFact,
    NoSnapshot,
    NotCompared,
    NoTimeLeft,
    ReadingFailed,
    SingleSnapshot,
)
from ..render.sentences.workers import with_across_sentences, with_service_sentences
from ..store.snapshots import Store
from . import queries
from .plausible import plausible

# after which no further worker is judged: servers give up on a request that takes 30 s
MAX_JUDGING_SECONDS = 20.0
TOO_FEW = (
    "Comparing needs two workers with a finished snapshot each. "
    'Capture all workers first: POST snapshots {"worker": "all"}.'
)
MAX_COMPARED = 10  # workers at once: as many snapshots are in memory together


def latest_pair(done: Sequence[SnapshotInfo]) -> tuple[SnapshotInfo, SnapshotInfo] | None:
    """The oldest and the newest of one worker's finished snapshots, given the newest first."""
    return (done[-1], done[0]) if len(done) > 1 else None


def finished(listing: Iterable[SnapshotInfo]) -> Mapping[str, list[SnapshotInfo]]:
    """The finished ones of a store's listing by worker, the newest first.

    Second opinions, which another engine took, are left out.
    """
    found: dict[str, list[SnapshotInfo]] = {}
    for info in listing:
        if info.state == "done":
            found.setdefault(info.worker, []).append(info)
    return {worker: _of_usual_engine(done) for worker, done in found.items()}


def _of_usual_engine(done: list[SnapshotInfo]) -> list[SnapshotInfo]:
    """Those of the engine that took most of them."""
    counts = Counter(info.engine_kind for info in done)
    usual = max(counts, key=lambda kind: (counts[kind], kind == "native"))
    return [info for info in done if info.engine_kind == usual]


def service_report(store: Store, live: Sequence[WorkerRef]) -> ServiceReport:
    """The verdict over the live workers, each judged by its oldest and its newest snapshot."""
    until = time.monotonic() + MAX_JUDGING_SECONDS
    taken = finished(store.listing())
    judged: list[tuple[WorkerRef, Report]] = []
    missing: list[MissingWorker] = []
    for worker in live:
        if time.monotonic() > until:
            found: Report | MissingFact = NoTimeLeft(
                number=worker.number, worker=worker.id, seconds=MAX_JUDGING_SECONDS
            )
        else:
            found = _judged(store, worker, taken.get(worker.id, []))
        if isinstance(found, Report):
            judged.append((worker, found))
        else:
            missing.append(MissingWorker(worker.number, worker.id, found))
    return with_service_sentences(join(judged, missing))


def _judged(store: Store, worker: WorkerRef, done: Sequence[SnapshotInfo]) -> Report | MissingFact:
    """The report on one worker, or why there is none."""
    pair = latest_pair(done)
    if pair is None:
        kind = SingleSnapshot if done else NoSnapshot
        return kind(number=worker.number, worker=worker.id)
    try:
        with plausible():
            return queries.report(store, pair[0].id, pair[1].id)
    except HeapViewError as error:
        return ReadingFailed(number=worker.number, worker=worker.id, error=error.detail)


# --- worker compared with worker


def across_pair(store: Store, base: str | None, target: str | None) -> tuple[Snapshot, Snapshot]:
    """Two snapshots of different workers. Raises BadRequest, NotFound."""
    if not base or not target:
        raise BadRequest("Name two snapshots of different workers: ?base=ID&target=ID.")
    first, last = store.info(base), store.info(target)
    if first.worker == last.worker:
        raise BadRequest(
            "Both snapshots are of one worker. Use diff or report for what changed between them."
        )
    return store.load(base), store.load(target)


def across(
    store: Store, live: Sequence[WorkerRef], base: str | None, target: str | None, view: str
) -> Across:
    """The live workers compared by their newest snapshots, or the workers of two snapshots.

    `view` names a view that is subtracted, too: of `base` and `target`, or of the workers with the
    least and the most resident memory. Raises BadRequest, NotFound, Conflict.
    """
    chosen = bool(base or target)
    compared, missing = _of_pair(store, live, base, target) if chosen else _newest(store, live)
    found = with_across_sentences(compare_workers(compared, missing))
    if not chosen and len(found.workers) > 1:
        by_size = sorted(found.workers, key=lambda worker: worker.resident)
        base, target = by_size[0].snapshot, by_size[-1].snapshot
    found = msgspec.structs.replace(found, base=base, target=target)
    if not view:
        return found
    if not base:
        raise Conflict(TOO_FEW)
    data = queries.view_named(view).diff(*across_pair(store, base, target))
    return msgspec.structs.replace(found, views={view: data})


def across_page(
    store: Store, name: str, base: str | None, target: str | None, query: TableQuery
) -> queries.Page:
    """One view of two workers, subtracted for a page."""
    return queries.page_of_two(across_pair(store, base, target), queries.view_named(name), query)


def _of_pair(
    store: Store, live: Sequence[WorkerRef], base: str | None, target: str | None
) -> tuple[list[Compared], list[MissingWorker]]:
    numbers = {worker.id: worker.number for worker in live}
    pair = map(_bare, across_pair(store, base, target))
    return [(WorkerRef(numbers.get(s.info.worker, 0), s.info.worker), s) for s in pair], []


def _newest(store: Store, live: Sequence[WorkerRef]) -> tuple[list[Compared], list[MissingWorker]]:
    taken = finished(store.listing())
    compared: list[Compared] = []
    missing: list[MissingWorker] = []
    for worker in live:
        done = taken.get(worker.id)
        why: MissingFact
        if not done:
            why = NoSnapshot(number=worker.number, worker=worker.id)
        elif len(compared) == MAX_COMPARED:
            why = NotCompared(number=worker.number, worker=worker.id, max_workers=MAX_COMPARED)
        else:
            try:
                compared.append((worker, _bare(store.load(done[0].id))))
                continue
            except HeapViewError as error:
                why = ReadingFailed(number=worker.number, worker=worker.id, error=error.detail)
        missing.append(MissingWorker(worker.number, worker.id, why))
    return compared, missing


def _bare(snapshot: Snapshot) -> Snapshot:
    """With what is compared, and no more: several are in memory at once."""
    return Snapshot(
        info=snapshot.info,
        heap=msgspec.structs.replace(snapshot.heap, types=[]),
        ownership=snapshot.ownership,
        caches=snapshot.caches,
        process=snapshot.process,
    )
