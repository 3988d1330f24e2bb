"""Snapshots as another worker would have taken them: in a test there is one process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from flask import Flask
from msgspec.structs import replace

from flask_heapview.service.service import EXTENSION, Service
from flask_heapview.store.snapshots import Store

OTHER_WORKER = "4711-0"


def service_of(app: Flask) -> Service:
    return cast(Service, app.extensions[EXTENSION])


def copy_for_another_worker(store: Store, snapshot_id: str, **changes: Any) -> str:
    """The id of the same snapshot, once more. `changes` are the other worker's own sections."""
    taken = store.load(snapshot_id)
    info = replace(taken.info, id=store.new_id(), worker=OTHER_WORKER)
    store.save(replace(taken, info=info, **changes))
    return info.id


def as_own(service: Service, ids: Iterable[str]) -> None:
    """Has stored snapshots of another process be those of this worker."""
    for number in ids:
        found = service.store.load(number)
        info = replace(found.info, worker=service.worker)
        service.store.save(replace(found, info=info))
