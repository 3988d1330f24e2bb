"""The capture itself, in the attached process: the engine, runner and store of every capture."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..capture.base import CaptureRequest
from ..capture.runner import Runner
from ..capture.select import select_engine
from ..errors import HeapViewError
from ..isolation import fresh_interpreter
from ..isolation.postponed import POSTPONED
from ..process.identity import worker_id
from ..store.snapshots import Store
from .request_count import read_requests

# seconds that the service may do without its collector; after a longer capture, what the capture
# itself needed waits for the collector as garbage
MAX_UNCOLLECTED_SECONDS = 5.0


def take(wanted: Mapping[str, Any]) -> dict[str, object]:
    """Takes one, and says how it went: done, refused or failed, with the reason."""
    fresh_interpreter.borrow(wanted["python"], wanted["path"])
    store = Store(Path(wanted["directory"]))
    request = CaptureRequest(
        worker=worker_id(os.getpid()), label=wanted["label"], counts=read_requests
    )
    engine = select_engine("auto")
    if wanted["put_off"] and engine.estimate().seconds > MAX_UNCOLLECTED_SECONDS:
        gc.enable()
    try:
        with POSTPONED.by_another(wanted["put_off"]):
            info = Runner(engine, wanted["deadline"]).take(request, store)
    except HeapViewError as error:
        return {"state": "refused", "reason": error.detail}
    finally:
        fresh_interpreter.borrow(None, ())
    ended = store.info(info.id)
    if ended.state != "done":
        return {"state": "failed", "reason": ended.error or "it did not end"}
    return {"state": "done", "snapshot": info.id}
