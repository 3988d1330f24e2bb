"""Has questions about snapshots answered in another process.

A snapshot is megabytes of JSON, and two of them laid over one another more: decoded within the
service they would inflate it for good, and under tracemalloc tenfold. The service only passes bytes
on, and never loads what reads them.
"""

from __future__ import annotations

from pathlib import Path

from ..isolation import resident_reader
from ..isolation.turns import turn
from ..model.base import to_json
from ..model.query import Query

MAX_QUERY_SECONDS = 120.0  # that an answer may take


def run_query(job: Query, patience: float = 0.0) -> bytes:
    """The answer as JSON, worked out in another process. Raises HeapViewError.

    `patience` is how many seconds it may wait for its turn: see isolation/turns.py.
    """
    with turn(Path(job.directory), patience):
        return resident_reader.run(
            Path(job.directory), "flask_heapview.reports.query_job", to_json(job), MAX_QUERY_SECONDS
        )
