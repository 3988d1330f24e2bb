"""What is known of a worker, wherever it is listed."""

from __future__ import annotations

from .base import Model


class WorkerInfo(Model, frozen=True):
    """One process that serves the app."""

    id: str
    pid: int
    started_at: str  # RFC 3339, UTC
    rss: int | None = None  # bytes
    requests: int = 0
    self: bool = False  # whether it is the one that answers
    allocations: dict[str, str] = {}  # mode of tracing; native: on or off
    number: int = 0  # from 1 on, the lowest that was free; 0 where it is not listed
    answers: bool = True  # whether it could be asked: if not, `requests` are those at its start
    why: str = ""  # why others cannot reach it, for a person
