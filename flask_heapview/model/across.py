"""Worker compared with worker. They are different processes: a difference is no growth."""

from __future__ import annotations

from typing import Any

from .base import Model
from .query import WorkerRef
from .service_report import MissingWorker
from .worker_facts import AcrossFact

SCHEMA = "flask-heapview/across/1"


class WorkerFigures(WorkerRef, frozen=True):
    """A worker, by its snapshot (sizes in bytes)."""

    snapshot: str  # its id
    taken_at: str  # RFC 3339, UTC
    requests: int | None  # served until then; None where nobody counts them
    resident: int
    python_heap: int  # shallow size of all Python objects
    objects: int


class OwnerFigures(Model, frozen=True):
    """An owner, in each worker; columns as `Across.workers`."""

    path: str
    type: str
    bytes: list[int]  # with all that hangs below
    entries: list[int]  # of what collects; 0 where it has few or none
    spread: int  # bytes, between the most and the least


class Difference(Model, frozen=True):
    """One worker that differs from another one."""

    fact: AcrossFact
    sentence: str = ""


class Across(Model, frozen=True):
    schema: str
    generated_at: str
    summary: str
    note: str  # what such differences mean, and what not
    workers: list[WorkerFigures]
    missing: list[MissingWorker]
    differences: list[Difference]  # what tells most comes first
    owners: list[OwnerFigures]  # the largest spread first
    # where none were named, those of the workers with the least and the most resident memory
    base: str | None = None  # id of the snapshot that `views` subtracts
    target: str | None = None  # id of the snapshot that it is subtracted from
    views: dict[str, Any] = {}  # the view that was asked for, as GET diff has it
    summary_facts: list[AcrossFact] = []
