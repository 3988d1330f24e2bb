"""The verdict over all workers of a service, each judged by its own snapshots."""

from __future__ import annotations

from .base import Model
from .query import WorkerRef
from .report import Interval, PerRequest, SnapshotRef, Suspect, Verdict
from .worker_facts import MissingFact, ServiceAdviceFact, ServiceVerdictFact

SCHEMA = "flask-heapview/service-report/1"


class MissingWorker(WorkerRef, frozen=True):
    """A live worker that is not part of the answer."""

    reason_fact: MissingFact
    reason: str = ""  # its words, without a full stop


class JudgedWorker(WorkerRef, frozen=True):
    verdict: Verdict
    summary: str
    base: SnapshotRef
    target: SnapshotRef
    interval: Interval


class SuspectInWorker(WorkerRef, frozen=True):
    """What one worker shows of a joined suspect: all that has its fingerprint there."""

    confidence: float  # 0 to 1, of this worker alone
    objects: int
    bytes: int
    requests: int  # that the worker served between its snapshots
    per_request: PerRequest


class ServiceSuspect(Suspect, frozen=True):
    """One leak, in all workers that show it.

    `growing` sums them, per request of those workers. Evidence is that of the worker where the
    suspect is surest.
    """

    seen: str = ""  # "in 4 of 4 workers"
    seen_in: int = 0  # distinct workers that show it
    judged: int = 0  # workers that were judged
    evidence_of: WorkerRef | None = None
    workers: list[SuspectInWorker] = []  # by number


class ServiceReport(Model, frozen=True):
    schema: str  # SCHEMA: what the fields mean
    generated_at: str  # RFC 3339, UTC
    verdict: Verdict
    summary: str  # the verdict in a sentence or two
    advice: str  # what would settle it, or what to do next
    interval: Interval  # requests summed; seconds and snapshots of the worker with the most
    live: int  # workers that live, judged or not
    judged: list[JudgedWorker]  # each with its own verdict
    missing: list[MissingWorker]  # the others
    suspects: list[ServiceSuspect]  # by confidence, then by bytes
    summary_facts: list[ServiceVerdictFact] = []  # what the summary words
    advice_facts: list[ServiceAdviceFact] = []  # what the advice words
    versions: dict[str, str] = {}  # as a report has them
