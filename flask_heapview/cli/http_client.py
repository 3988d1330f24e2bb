"""A running service, asked over its API: what `flask heapview check --url` does."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

from ..errors import HeapViewError
from ..model.base import from_json
from ..model.report import Report

MAX_REQUEST_SECONDS = 60.0  # that one answer may take
MAX_CAPTURE_SECONDS = 240.0
POLL_SECONDS = 0.1
BUSY = 503  # others ask about snapshots, too
BUSY_POLL_SECONDS = 1.0
MAX_BUSY_SECONDS = 60.0


class ApiClient:
    """One live service: its address, where the page is mounted, and the token."""

    def __init__(self, url: str, prefix: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise HeapViewError("The URL must begin with http:// or https://.")
        self.url, self.api = url.rstrip("/"), url.rstrip("/") + prefix.rstrip("/") + "/api/v1"
        self.token = token
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

    def ask(self, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> bytes:
        """A call of the API, again while it is busy. Raises HeapViewError with what it said."""
        data = None if body is None else json.dumps(body).encode()
        until = time.monotonic() + MAX_BUSY_SECONDS
        while True:
            answer = self._ask(path, method, data, patient=time.monotonic() < until)
            if answer is not None:
                return answer
            time.sleep(BUSY_POLL_SECONDS)

    def _ask(self, path: str, method: str, data: bytes | None, patient: bool) -> bytes | None:
        """None where it is busy and there is time."""
        made = urllib.request.Request(self.api + path, data, method=method)
        made.add_header("Authorization", f"Bearer {self.token}")
        made.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(made, timeout=MAX_REQUEST_SECONDS) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                if patient and error.code == BUSY:
                    return None
                raise HeapViewError(_reason(error)) from None
        except OSError as error:
            raise HeapViewError(f"{self.api} does not answer: {error}.") from None

    def snapshot(self, label: str) -> str:
        """Has one taken, of the same worker each time. Raises HeapViewError."""
        wanted = {"label": label, **({"worker": self.worker} if self.worker else {})}
        made = json.loads(self.ask("/snapshots", "POST", wanted))
        until = time.monotonic() + MAX_CAPTURE_SECONDS
        while time.monotonic() < until:
            state = json.loads(self.ask(f"/snapshots/{made['id']}"))
            if state["state"] == "done":
                self.worker = state["worker"]
                return str(made["id"])
            if state["state"] == "failed":
                raise HeapViewError(f"A snapshot failed: {state['error']}.")
            time.sleep(POLL_SECONDS)
        raise HeapViewError(f"A snapshot took longer than {MAX_CAPTURE_SECONDS:g} s.")

    def report(self, base: str, target: str) -> Report:
        """The verdict. Raises HeapViewError."""
        return from_json(self.ask(f"/report?base={base}&target={target}"), Report)


def _reason(error: urllib.error.HTTPError) -> str:
    """The sentence of a problem document, or the status."""
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The service answered {error.code} {error.reason}: is the address right?"
