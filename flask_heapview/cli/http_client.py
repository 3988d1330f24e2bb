"""A running service, asked over its API: what `flask heapview check --url` does."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from ..errors import HeapViewError
from ..model import api
from ..model.report import Report
from .http_link import HttpLink
from .service_api import ServiceApi

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

    def report(self, base: str, target: str) -> Report:
        """The verdict. Raises HeapViewError."""
        return self.api.get(Report, "/report", base=base, target=target)
