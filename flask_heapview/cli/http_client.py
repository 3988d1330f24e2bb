"""A running service, asked over its API: what `flask heapview check --url` does."""

from __future__ import annotations

import itertools
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import HeapViewError
from ..leakcheck.checker import WARM_UP_SHARE
from ..model import api
from ..model.report import Report
from ..model.snapshot import Snapshot
from ..store.received import receive
from ..store.snapshots import Store
from .http_link import HttpLink
from .service_api import ServiceApi, snapshot_path

MAX_REQUEST_SECONDS = 60.0  # that one answer of the service's own may take
MAX_CAPTURE_SECONDS = 240.0
POLL_SECONDS = 0.1


class ApiClient:
    """One live service: its address, where the page is mounted, and the token."""

    def __init__(self, url: str, prefix: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.api = ServiceApi(HttpLink(self.url + prefix.rstrip("/"), token))
        self.worker: str | None = None

    def call(self, path: str, method: str = "GET", body: bytes | None = None) -> int:
        """A request of the service's own; returns its status. Raises HeapViewError."""
        made = urllib.request.Request(self.url + path, body, method=method)
        if body is not None:
            made.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(made, timeout=MAX_REQUEST_SECONDS) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                error.read()
            return error.code
        except OSError as error:
            raise HeapViewError(f"{self.url} does not answer: {error}.") from None

    def snapshot(self, label: str) -> str:
        """Has one taken, of the same worker each time. Raises HeapViewError."""
        made = self.api.post(api.Started, "/snapshots", label=label, worker=self.worker)
        until = time.monotonic() + MAX_CAPTURE_SECONDS
        while time.monotonic() < until:
            info = self.api.snapshot(made.id)
            if info.state == "done":
                self.worker = info.worker
                return made.id
            if info.state == "failed":
                raise HeapViewError(f"A snapshot failed: {info.error}.")
            time.sleep(POLL_SECONDS)
        raise HeapViewError(f"A snapshot took longer than {MAX_CAPTURE_SECONDS:g} s.")

    def rounds(
        self, call: Callable[[int], None], requests: int, rounds: int, label: str, first: int = 0
    ) -> list[str]:
        """Snapshots between rounds of requests, after some to warm up. Raises HeapViewError.

        `first` is the number of the first request.
        """
        numbers = itertools.count(first)
        taken: list[str] = []
        for share in (round(requests * WARM_UP_SHARE), *[requests // rounds] * rounds):
            for number in itertools.islice(numbers, share):
                call(number)
            taken.append(self.snapshot(f"{label} {len(taken)}"))
        return taken

    def load(self, taken: Sequence[str], directory: Path) -> list[Snapshot]:
        """Those snapshots, by their files, which are put into a directory. Raises HeapViewError."""
        store = Store(directory / "heapview")
        for snapshot_id in taken:
            file = directory / f"{snapshot_id}.sent"
            try:
                with file.open("wb") as opened:
                    self.api.save(snapshot_path(snapshot_id, "/download"), opened)
            except OSError as error:
                raise HeapViewError(f"{file} cannot be written: {error.strerror}.") from None
            receive(file, store)
        return [store.load(snapshot_id) for snapshot_id in taken]

    def report(self, base: str, target: str) -> Report:
        """The verdict. Raises HeapViewError."""
        return self.api.get(Report, "/report", base=base, target=target)
