"""A series of snapshots, taken while the service serves, and the verdict at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from ..errors import BadRequest, CaptureBusy, Conflict, HeapViewError
from ..model.api import WatchState
from ..model.base import from_json
from ..model.report import Report
from ..model.snapshot import SnapshotInfo

POLL_SECONDS = 0.2  # seconds between two looks at the counter
DEFAULT_SNAPSHOTS, MAX_SNAPSHOTS = 4, 20
DEFAULT_REQUESTS = 100  # between two snapshots, where nothing else is said
MAX_INTERVAL_SECONDS = 24 * 3600.0  # seconds that it waits for the requests of one interval
End = Literal["done", "stopped", "failed"]


class Watch:
    """One series; it runs in a thread of its own, which only waits and asks for captures."""

    def __init__(
        self,
        capture: Callable[[str], SnapshotInfo],
        info: Callable[[str], SnapshotInfo],
        served: Callable[[], int],
        judge: Callable[[str, str], bytes],
    ) -> None:
        self._capture, self._info, self._served, self._judge = capture, info, served, judge
        self._stop = threading.Event()
        self._begun = (0, 0.0)
        self.state = WatchState(state="stopped")

    def start(self, times: int, requests: int | None, seconds: float | None) -> None:
        """Begins; raises BadRequest for what cannot be meant."""
        if not 2 <= times <= MAX_SNAPSHOTS:
            raise BadRequest(f"times must be between 2 and {MAX_SNAPSHOTS}.")
        if requests is not None and requests < 1:
            raise BadRequest("every_requests must be 1 or more.")
        if seconds is not None and seconds < 1:
            raise BadRequest("every_seconds must be 1 or more.")
        if requests is None and seconds is None:
            requests = DEFAULT_REQUESTS
        self.state = WatchState(
            state="running", times=times, every_requests=requests, every_seconds=seconds
        )
        thread = threading.Thread(target=self._run, name="heapview-watch", daemon=True)
        thread.start()

    @property
    def running(self) -> bool:
        return self.state.state == "running"

    def stop(self) -> None:
        """Takes no more snapshots; those that were taken stay."""
        self._stop.set()
        if self.running:
            self._end("stopped")

    def progress(self) -> WatchState:
        """The state, with how far the present interval is."""
        served, begin = self._begun
        if not self.running:
            return self.state
        return _with(
            self.state,
            requests=max(0, self._served() - served),
            seconds=round(time.monotonic() - begin, 1) if begin else 0.0,
        )

    def _run(self) -> None:
        try:
            for number in range(self.state.times):
                if number and not self._wait():
                    return
                self._take(number)
            self._finish()
        except HeapViewError as error:
            self._end("failed", error=error.detail)

    def _wait(self) -> bool:
        """Until the next snapshot is due; False when it was stopped."""
        wanted, seconds = self.state.every_requests, self.state.every_seconds
        served, begin = self._begun
        while not self._stop.wait(POLL_SECONDS):
            passed = time.monotonic() - begin
            due = seconds is None or passed >= seconds
            if due and (wanted is None or self._served() - served >= wanted):
                return True
            if passed > MAX_INTERVAL_SECONDS:
                raise Conflict("Too few requests arrived within a day, so the watch ended.")
        return False

    def _take(self, number: int) -> None:
        while True:
            try:
                taken = self._capture(f"watch {number + 1} of {self.state.times}")
                break
            except CaptureBusy:  # somebody presses the button meanwhile
                if self._stop.wait(POLL_SECONDS):
                    return
        self._begun = taken.requests.total, time.monotonic()
        while self._info(taken.id).state == "running":
            if self._stop.wait(POLL_SECONDS):
                return
        if self._info(taken.id).state == "failed":
            raise Conflict(f"A snapshot failed: {self._info(taken.id).error}.")
        self.state = _with(self.state, snapshots=[*self.state.snapshots, taken.id])

    def _finish(self) -> None:
        if self._stop.is_set():
            return
        first, last = self.state.snapshots[0], self.state.snapshots[-1]
        report = from_json(self._judge(first, last), Report)
        self._end("done", verdict=report.verdict, summary=report.summary)

    def _end(self, how: End, **more: str) -> None:
        self.state = _with(self.state, state=how, **more)


_with = msgspec.structs.replace
