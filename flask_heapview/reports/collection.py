"""What a full collection would free, without running one.

Running it in a forked child would run the app's destructors there, and these may delete files or
speak to servers. But a snapshot has found what nothing reaches: a collection frees just that.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..model.api import RehearsedCollection
from ..model.snapshot import SnapshotInfo

KNOWN = (
    "This was cyclic garbage in the newest snapshot of the worker. POST gc/collect frees it, and "
    "what became garbage since."
)
UNKNOWN = "No snapshot of this worker says it. Take one first: POST snapshots."


def predicted(done: Iterable[SnapshotInfo]) -> RehearsedCollection:
    """By the finished snapshots of one worker, the newest first."""
    newest = next((info for info in done if info.garbage_objects is not None), None)
    if newest is None:
        return RehearsedCollection(meaning=UNKNOWN)
    return RehearsedCollection(
        objects=newest.garbage_objects,
        bytes=newest.garbage_bytes,
        snapshot=newest.id,
        taken_at=newest.taken_at,
        meaning=KNOWN,
    )
