"""The open suspects of each worker: a small file beside its entry, written with each report.

It goes with its worker, and with the snapshots that it was made of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import NotFound
from ..model.base import from_json, to_json
from ..model.metrics import OpenSuspect, OpenSuspects
from ..model.report import MAX_SUSPECTS, Report
from .directory import SUSPECTS
from .private_file import write_private

_NAME = re.compile(rf"worker-([0-9a-z-]+)\.{SUSPECTS}")


def _file(directory: Path, worker: str) -> Path:
    return directory / f"worker-{worker}.{SUSPECTS}"


def keep(directory: Path, report: Report) -> None:
    """Keeps the suspects of a report on a live worker; one on a single snapshot knows no growth.

    Where the directory cannot be written to, nothing is kept.
    """
    worker = report.target.worker
    path = _file(directory, worker)
    if report.base is None or not _NAME.fullmatch(path.name):
        return
    if not path.with_suffix(".json").exists():
        return
    found = [
        OpenSuspect(
            fingerprint=one.fingerprint,
            cause=one.cause,
            confidence=one.confidence,
            bytes_per_request=one.growing.per_request.bytes,
        )
        for one in report.suspects[:MAX_SUSPECTS]
    ]
    kept = OpenSuspects(base=report.base.id, target=report.target.id, suspects=found)
    try:
        write_private(path, to_json(kept))
    except OSError:
        pass


def read(directory: Path, worker: str, has: Callable[[str], bool]) -> list[OpenSuspect]:
    """Those of a worker. `has` says whether a snapshot is still there."""
    found = _read(_file(directory, worker))
    return found.suspects if found is not None and _stands(found, has) else []


def tidy(directory: Path, has: Callable[[str], bool]) -> None:
    """Drops those whose snapshots are gone."""
    try:
        names = [name for name in os.listdir(directory) if _NAME.fullmatch(name)]
    except OSError:
        return
    for name in names:
        found = _read(directory / name)
        if found is None or not _stands(found, has):
            (directory / name).unlink(missing_ok=True)


def _read(path: Path) -> OpenSuspects | None:
    try:
        return from_json(path.read_bytes(), OpenSuspects)
    except (OSError, msgspec.MsgspecError):
        return None


def _stands(found: OpenSuspects, has: Callable[[str], bool]) -> bool:
    try:
        return has(found.base) and has(found.target)
    except NotFound:  # an id that none can have
        return False
