"""A process full of known objects and little else, which takes snapshots of itself.

The heap of a test runner has a hundred times as many objects. To walk it in Python takes a minute.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

from flask_heapview.capture.base import CaptureRequest
from flask_heapview.capture.runner import Runner
from flask_heapview.capture.select import select_engine
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.store.snapshots import Store

from .. import sample_objects
from ..helpers import wait_until
from ..run_isolated import alone


def take(store: Store, engine: str, **wanted: object) -> Snapshot:
    """A snapshot of this process."""
    request = CaptureRequest(worker="w", **wanted)  # type: ignore[arg-type]
    info = Runner(select_engine(engine), 120).start(request, store)
    wait_until(lambda: store.info(info.id).state != "running", 120)
    assert store.info(info.id).error is None
    return store.load(info.id)


def prepare() -> None:
    """Garbage that waits, a thread, an open file."""
    thread = sample_objects.start_thread()
    wait_until(lambda: sys._current_frames().get(thread.ident or 0) is not None)
    time.sleep(0)
    gc.collect()
    gc.disable()
    for _ in range(20):
        sample_objects.Order()
        sample_objects.depth_of({"root": ["a", "b"], "b": ["c"]})
    sample_objects.Hostile.touched.clear()
    sample_objects.open_file = Path(__file__).open()  # type: ignore[attr-defined]  # noqa: SIM115


def main(directory: str, engine: str) -> None:
    """Takes a snapshot without values, then one with them, and prints what it knows of them."""
    prepare()
    registered = {
        "by hand": sample_objects.text_cache,
        "asked": lambda: {"entries": 5, "limit": 9, "hits": 1, "misses": 2, "size": 3},
        "counted": lambda: 17,
        "broken": lambda: 1 / 0,
    }
    store = Store(Path(directory))
    plain = take(store, engine, caches=registered)
    touched = list(sample_objects.Hostile.touched)
    shown = take(store, engine, show_values=True)
    print(json.dumps({"plain": plain.info.id, "shown": shown.info.id, "touched": touched}))
    sample_objects.release.set()


def snapshots_of(directory: Path, engine: str) -> dict[str, Any]:
    """What that process prints. Its snapshots are in the directory."""
    code = f"from {__name__} import main\nmain(*sys.argv[1:])"
    found: dict[str, Any] = alone(code, str(directory), engine)
    return found
