"""What stands behind the pages where nothing is live: a store of downloaded snapshots."""

from __future__ import annotations

from pathlib import Path

from ..capture.no_engine import MissingEngine
from ..capture.runner import Runner
from ..config import HeapViewConfig
from .service import Service

NOTHING_LIVE = (
    "These are downloaded snapshots and reports. No live service is here, so there is nothing to "
    "capture, watch or collect."
)


def offline_service(config: HeapViewConfig, directory: Path) -> Service:
    """A service that reads the snapshots of a directory, and takes none."""
    runner = Runner(MissingEngine(NOTHING_LIVE), config.deadline)
    made = Service(config, directory, lambda: runner, {})
    made.is_live = False
    return made
