"""`latest` in the place of a snapshot's id: an address that stays, for programs that poll."""

from __future__ import annotations

from flask import request

from ..errors import NotFound
from .guard import service

LATEST = "latest"


def snapshot_named(snapshot_id: str) -> str:
    """The id itself, or that of the newest finished snapshot. Raises NotFound.

    With `?worker=` in the address it is the newest of that worker, by its id or its number.
    """
    if snapshot_id != LATEST:
        return snapshot_id
    done = [info for info in service().store.listing() if info.state == "done"]
    worker = request.args.get("worker")
    if worker and all(info.worker != worker for info in done):
        worker = service().workers.find(worker).id
    for info in done:
        if worker in (None, "", info.worker):
            return info.id
    whose = "of that worker" if worker else "yet"
    raise NotFound(f"There is no finished snapshot {whose}. POST /api/v1/snapshots captures one.")
