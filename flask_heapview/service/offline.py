"""What stands behind the pages where nothing is live: a store of downloaded snapshots."""

from __future__ import annotations

from ..capture.no_engine import MissingEngine
from ..capture.runner import Runner
from ..config import HeapViewConfig
from ..store.snapshots import Store
from .service import Service

NOTHING_LIVE = (
    "These are downloaded snapshots and reports. No live service is here, so there is nothing to "
    "capture, watch or collect."
)


def offline_service(config: HeapViewConfig, store: Store) -> Service:
    """A service that reads the store, and takes no captures."""
    made = Service(config, store, Runner(MissingEngine(NOTHING_LIVE), config.deadline), {})
    made.is_live = False
    return made
