"""Does it leak on each call? Snapshots of this process between rounds of calls, and the verdict.

What `flask heapview check` and the pytest fixture rest on. The calls go through Flask's test
client, or are whatever the caller likes; engine, judge and report are those of the live service.
"""

from __future__ import annotations

import contextlib
import gc
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask, request, request_started, request_tearing_down

from ..allocations import tracing
from ..capture.base import CaptureRequest
from ..capture.runner import Runner
from ..capture.select import select_engine
from ..errors import BadRequest, HeapViewError
from ..model.report import Report
from ..model.snapshot import Snapshot
from ..model.verification import Earlier, Verification
from ..process.level_history import LevelHistory
from ..reports.queries import judge_in_words
from ..reports.verification import verify_in_words
from ..request_context import BEGUN, NO_ROUTE, SERVING, RequestCounter
from ..store.snapshots import Store
from ..text import percent_text

ROUNDS = 3  # between which snapshots are taken: fewer cannot tell a leak from a cache that fills
VERIFY_ROUNDS = 6  # more snapshots make the error of a rate smaller
WARM_UP_SHARE = 0.25  # calls before the first snapshot, of the number asked for
MIN_CALLS = 30  # calls that are needed to tell anything
MAX_CAPTURE_SECONDS = 120.0  # that one capture may take
Call = Callable[[int], object]


class Checker:
    """Takes the snapshots of one check. The counter is fed by Flask's own signals."""

    def __init__(self, directory: Path, engine: str = "auto") -> None:
        self.store = Store(directory / "heapview")
        self.runner = Runner(select_engine(engine), MAX_CAPTURE_SECONDS)
        self.counter = RequestCounter()
        self.level_history = LevelHistory(self.counter)
        self.calls = 0

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Meanwhile requests are counted, and allocations are sampled with their endpoint."""

        def started(_sender: Flask, **_: object) -> None:
            # a mounted app has named it already: see HEAPVIEW_REQUEST_NAME
            named = request.environ.get(BEGUN)
            endpoint = named or request.endpoint
            self.level_history.begin()
            self.counter.add(endpoint)
            SERVING.set(endpoint or NO_ROUTE)
            if named is None:
                tracing.request_begun(endpoint or NO_ROUTE)

        def ended(_sender: Flask, **_: object) -> None:
            SERVING.set(None)
            tracing.request_ended()
            self.level_history.end()

        before = tracing.mode()
        tracing.begin("sampled")
        request_started.connect(started)
        request_tearing_down.connect(ended)
        try:
            yield
        finally:
            request_started.disconnect(started)
            request_tearing_down.disconnect(ended)
            if before == "off":
                tracing.switch("off")

    def snapshot(self) -> str:
        """Takes one. Raises HeapViewError when it fails."""
        served = self.counter.read() or {"calls": self.calls}
        info = self.runner.start(
            CaptureRequest(worker="check", requests=served, level_history=self.level_history),
            self.store,
        )
        until = time.monotonic() + 2 * MAX_CAPTURE_SECONDS
        while self.store.info(info.id).state == "running" and time.monotonic() < until:
            time.sleep(0.01)
        done = self.store.info(info.id)
        if done.state != "done":
            raise HeapViewError(f"A snapshot failed: {done.error or 'it did not end'}.")
        while any(t.name == "heapview-capture" for t in threading.enumerate()):
            time.sleep(0.005)  # its thread is no part of what is compared
        return info.id

    def run(self, call: Call, count: int) -> None:
        """Makes so many calls, each with the next number."""
        for _ in range(count):
            call(self.calls)
            self.calls += 1

    def check(self, call: Call, calls: int) -> Report:
        """The verdict on so many calls, after some to warm up. Raises BadRequest, HeapViewError."""
        return judge_in_words(self.measure(call, calls, ROUNDS))

    def measure(self, call: Call, calls: int, rounds: int) -> list[Snapshot]:
        """The snapshots between rounds of calls, after some to warm up.

        Raises BadRequest, HeapViewError.
        """
        if calls < MIN_CALLS:
            raise BadRequest(
                f"At least {MIN_CALLS} calls are needed to tell a leak from a warm-up."
            )
        with self.listening():
            self.run(call, max(10, round(calls * WARM_UP_SHARE)))
            gc.collect()  # what importing and warming up left behind is nobody's leak
            taken = [self.snapshot()]
            for number in range(rounds):
                share = calls * (number + 1) // rounds - calls * number // rounds
                self.run(call, share)
                taken.append(self.snapshot())
        return [self.store.load(one) for one in taken]


def check(call: Call, calls: int) -> Report:
    """Whether `call(n)` leaks, judged over so many calls with n = 0, 1, 2, …

    Raises BadRequest for too few calls, HeapViewError when a snapshot fails, what `call` raises.
    """
    with tempfile.TemporaryDirectory(prefix="heapview-check-") as directory:
        return Checker(Path(directory)).check(call, calls)


def verify(call: Call, calls: int, fingerprint: str, before: Earlier | None = None) -> Verification:
    """Whether the leak with that fingerprint is gone, over so many calls with n = 0, 1, 2, …

    `before` is the suspect of an earlier report. Raises what `check` raises.
    """
    with tempfile.TemporaryDirectory(prefix="heapview-verify-") as directory:
        snapshots = Checker(Path(directory)).measure(call, calls, VERIFY_ROUNDS)
    return verify_in_words(snapshots, fingerprint, before)


def in_words(report: Report) -> str:
    """The verdict for a terminal or a failed test: what leaks, who, where, and what to do."""
    lines = [report.summary]
    for suspect in report.suspects:
        sure = percent_text(suspect.confidence)
        lines.append(f"  {suspect.rank}. {suspect.cause} ({sure}): {suspect.summary}")
        each = suspect.growing.per_request
        lines.append(f"     {each.objects:g} objects and {each.bytes:,.0f} bytes a call")
        lines += [f"     allocated at {s.place} {s.called}" for s in suspect.allocated_at[:3]]
        if suspect.endpoints:
            named = (f"{e.endpoint} {percent_text(e.share)}" for e in suspect.endpoints[:3])
            lines.append(f"     while serving {', '.join(named)}")
        lines += [f"     {sentence}" for sentence in suspect.evidence]
        lines.append(f"     What to do: {suspect.remedy}")
    lines.append(report.advice)
    return "\n".join(lines)
