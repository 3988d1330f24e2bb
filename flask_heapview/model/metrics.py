"""What a scrape says of each worker."""

from __future__ import annotations

from .api import Status
from .base import Model
from .worker_info import WorkerInfo


class OpenSuspect(Model, frozen=True):
    """What may be told of a suspect to whoever may see figures: no path, and no words."""

    fingerprint: str
    cause: str
    confidence: float  # 0 to 1
    bytes_per_request: float


class OpenSuspects(Model, frozen=True):
    """Those of the last report on two snapshots of one worker."""

    base: str
    target: str
    suspects: list[OpenSuspect]


class WorkerMetrics(Model, frozen=True):
    """One worker in a scrape."""

    worker: WorkerInfo
    status: Status | None  # None: it did not answer
    suspects: list[OpenSuspect] = []
