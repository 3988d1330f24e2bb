"""Questions about all workers of a service, each with the snapshots that it took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ..analysis.join_reports import join
from ..errors import HeapViewError
from ..model.report import Report
from ..model.service_report import MissingWorker, ServiceReport, WorkerRef
from ..model.snapshot import SnapshotInfo
from ..model.worker_facts import MissingFact, NoSnapshot, NoTimeLeft, ReadingFailed, SingleSnapshot
from ..render.sentences.workers import with_service_sentences
from ..store.snapshots import Store
from . import queries
from .plausible import plausible

# after which no further worker is judged: servers give up on a request that takes 30 s
MAX_JUDGING_SECONDS = 20.0


def latest_pair(done: Sequence[SnapshotInfo]) -> tuple[SnapshotInfo, SnapshotInfo] | None:
    """The oldest and the newest of one worker's finished snapshots, given the newest first."""
    return (done[-1], done[0]) if len(done) > 1 else None


def finished(store: Store) -> Mapping[str, list[SnapshotInfo]]:
    """The finished snapshots by worker, the newest first."""
    found: dict[str, list[SnapshotInfo]] = {}
    for info in store.listing():
        if info.state == "done":
            found.setdefault(info.worker, []).append(info)
    return found


def service_report(store: Store, live: Sequence[WorkerRef]) -> ServiceReport:
    """The verdict over the live workers, each judged by its oldest and its newest snapshot."""
    until = time.monotonic() + MAX_JUDGING_SECONDS
    taken = finished(store)
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
