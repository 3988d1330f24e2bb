"""The live workers of one app on this host, each with a small file in the shared directory."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import psutil

from ..errors import StoreError
from ..model.base import Model, from_json, to_json
from ..process.identity import worker_id
from ..store.private_file import write_private

_NAME = re.compile(r"^worker-[0-9a-z-]+\.json$")


class Worker(Model, frozen=True):
    """One process that serves the app."""

    id: str
    pid: int
    started_at: str  # RFC 3339, UTC
    rss: int | None = None  # bytes
    requests: int = 0
    self: bool = False
    allocations: dict[str, str] = {}


class Registry:
    """Reads and writes the workers' files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, worker: Worker) -> None:
        """Says that this worker lives, and how many requests it has served."""
        path = self.directory / f"worker-{worker.id}.json"
        try:
            write_private(path, to_json(worker))
        except OSError as error:
            raise StoreError(f"{self.directory}: {error.strerror}.") from error

    def live(self, own: Worker) -> list[Worker]:
        """Every live worker, this one first; files of dead ones are taken away."""
        found = [own]
        for name in sorted(filter(_NAME.match, os.listdir(self.directory))):
            path = self.directory / name
            worker = self._read(path)
            if worker is None or worker.id == own.id:
                continue
            rss = _rss(worker)
            if rss is None:
                path.unlink(missing_ok=True)
            else:
                found.append(msgspec.structs.replace(worker, rss=rss, self=False))
        return found

    def _read(self, path: Path) -> Worker | None:
        try:
            return from_json(path.read_bytes(), Worker)
        except (OSError, msgspec.MsgspecError):
            return None


def _rss(worker: Worker) -> int | None:
    """Resident bytes of a worker; None when it has ended, whoever has its pid now."""
    try:
        if worker_id(worker.pid) != worker.id:
            return None
        return int(psutil.Process(worker.pid).memory_info().rss)
    except psutil.Error:
        return None
