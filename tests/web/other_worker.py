"""Snapshots as another worker would have taken them: in a test there is one process."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
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


def stored(app: Flask, directory: Path, ids: list[str]) -> list[str]:
    """The first two snapshots of another store, as if this app's worker had taken them."""
    service = service_of(app)
    for name in ids[:2]:
        shutil.copy(directory / f"{name}.snapshot", service.store.open())
    as_own(service, ids[:2])
    return ids[:2]
