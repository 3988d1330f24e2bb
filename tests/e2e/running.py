"""A capture that runs for as long as a test wants: its marks are in the store, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_heapview.isolation.progress_page import ProgressPage
from flask_heapview.model.snapshot import SnapshotInfo
from flask_heapview.store.snapshots import Store


class Running:
    """How far it is, is for the test to say."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory)
        self.info = SnapshotInfo(
            id=self.store.new_id(),
            state="running",
            worker="1-1",
            taken_at="2026-01-01T00:00:00Z",
            pid=os.getpid(),
        )
        self.page: ProgressPage = self.store.begin(self.info)

    @property
    def events(self) -> str:
        """The path of its events in the API."""
        return f"/snapshots/{self.info.id}/events"

    def advance(self, done: int) -> None:
        self.page.advance("walking", done, 1000)

    def end(self) -> None:
        """It comes to nothing: there is no snapshot."""
        self.store.fail(self.info, "The test has ended it.")


@contextmanager
def running_capture(directory: Path) -> Iterator[Running]:
    made = Running(directory)
    try:
        yield made
    finally:
        made.end()
