"""What the tests share: names, waiting, captures."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flask_heapview.capture.portable.available import portable_engine
from flask_heapview.isolation import fresh_interpreter

TOKEN = "a-token-for-the-tests-0123456789"
PREFIX = "/_debug/memory"
API = PREFIX + "/api/v1"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ROOT = Path(__file__).resolve().parent.parent

# its malloc stands before the C library's, and gives no address out again soon
not_under_asan = pytest.mark.skipif(
    "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="AddressSanitizer has an allocator and stacks of its own",
)


def needs(condition: object, reason: str) -> None:
    """Skips the test with its reason; where everything has to run, fails instead."""
    if condition:
        return
    if os.environ.get("HEAPVIEW_REQUIRE_ALL"):
        pytest.fail(f"this test has to run here: {reason}")
    pytest.skip(reason)


def why_not_portable() -> str | None:
    """Why the portable engine cannot run here, as it says itself. None where it can."""
    made = portable_engine("")
    return made if isinstance(made, str) else None


needs_portable = pytest.mark.skipif(why_not_portable() is not None, reason=why_not_portable() or "")


def wait_until(check: Callable[[], Any], patience: float = 60.0, what: str = "") -> Any:
    """Polls until the check gives something true, and returns that."""
    until = time.monotonic() + patience
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited {patience:g} s in vain: {what or check}")
        time.sleep(0.02)


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that nobody has asked for its end has."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def capture(client: Any, **body: Any) -> dict[str, Any]:
    """Takes a snapshot through a Flask test client and waits for its end."""
    answer = wait_until(lambda: _unless_busy(client, body), 60, "an earlier capture to end")
    assert answer.status_code == 202, answer.data
    return finished(client, answer.json["id"])


def _unless_busy(client: Any, body: dict[str, Any]) -> Any:
    answer = client.post(f"{API}/snapshots", headers=BEARER, json=body)
    return answer if answer.status_code != 429 else None


def finished(client: Any, snapshot_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        state = client.get(f"{API}/snapshots/{snapshot_id}", headers=BEARER).json
        return state if state["state"] != "running" else None

    return wait_until(look, 120, f"capture {snapshot_id}")


@contextlib.contextmanager
def answered_here() -> Iterator[None]:
    """Questions are answered as in an embedded interpreter: a fresh one for each takes too long."""
    fresh_interpreter.borrow("embedded", ())
    try:
        yield
    finally:
        fresh_interpreter.borrow(None, ())


def unmeasured() -> dict[str, str]:
    """The environment for what runs beside: coverage would make it several times slower."""
    return {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
